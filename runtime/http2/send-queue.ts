/**
 * Sessions that have something to say, for one write each when all sockets that were readable have been read: the responses that came for ten
 * streams in one turn of the event loop go out as one, and cost one record of TLS. One immediate per turn, whoever asked for it.
 */

export interface Sender {
  send(): void
}

let waiting: Sender[] = []
let sending: Sender[] = []

/** `sender.send()` will be called in this turn. */
export function sendLater(sender: Sender): void {
  if (waiting.length === 0) setImmediate(sendAll)
  waiting.push(sender)
}

function sendAll(): void {
  const senders = waiting
  waiting = sending
  sending = senders
  for (let i = 0; i < senders.length; i++) (senders[i] as Sender).send()
  senders.length = 0
}
