#!/usr/bin/env node
// npm links the commands of workspaces into node_modules/.bin, but never the root's own: this gives scripts and nested packages `postern`.
import '../../cli/postern.js'
