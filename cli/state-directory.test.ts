import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { temporaryFolder } from '../test/postern-process.ts'
import { rememberedGateway, rememberGateway, stateDirectory, storeDirectory } from './state-directory.ts'

t.test("the state directory is systemd's, else the XDG one, else the system's for root and the user's for others", async (t) => {
  const user = join(homedir(), '.local', 'state', 'postern')
  t.equal(stateDirectory({ STATE_DIRECTORY: '/var/lib/edge:/var/lib/other', XDG_STATE_HOME: '/x' }, true), '/var/lib/edge')
  t.equal(stateDirectory({ XDG_STATE_HOME: '/x' }, false), '/x/postern')
  t.equal(stateDirectory({ XDG_STATE_HOME: 'relative' }, false), user)
  t.equal(stateDirectory({}, false), user)
  t.equal(stateDirectory({}, true), '/var/lib/postern')
  t.equal(storeDirectory('/var/lib/postern', 'edge'), '/var/lib/postern/edge')
})

t.test('the gateway that a bundle file was last for is remembered by the path of the file', async (t) => {
  const state = temporaryFolder(t)
  t.equal(rememberedGateway(state, 'edge.ptb'), undefined)
  rememberGateway(state, 'edge.ptb', 'edge')
  t.equal(rememberedGateway(state, './edge.ptb'), 'edge')
  rememberGateway(state, 'edge.ptb', 'inner')
  rememberGateway(state, 'edge.ptb', 'inner')
  t.equal(rememberedGateway(state, 'edge.ptb'), 'inner')
  t.equal(rememberedGateway(state, 'other.ptb'), undefined)
})

t.test('a state directory that cannot be written is not an error here', async (t) => {
  const state = join(temporaryFolder(t, { file: '' }), 'file')
  rememberGateway(state, 'edge.ptb', 'edge')
  t.equal(rememberedGateway(state, 'edge.ptb'), undefined)
  t.ok(existsSync(state))
})
