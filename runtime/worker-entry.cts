/**
 * What piscina loads in each worker thread. CommonJS, because piscina imports what `require` refuses by code made from a string, which
 * this gateway does not allow; an `import` that stands in a file is none. Without any syntax of TypeScript's, because test runners that
 * wrap `require` do not strip it. The worker module is named by the process that starts it.
 */
module.exports.attend = async (attendance = { worker: '' }) => (await import(attendance.worker)).attend(attendance)
