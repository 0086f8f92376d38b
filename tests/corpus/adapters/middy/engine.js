export const engine = (handler) => {
  const layers = []
  const run = async (event, context) => {
    const state = { event, context, response: undefined, error: null, internal: {} }
    try {
      for (const { before } of layers) await before?.(state)
      state.response = await handler(state.event, state.context)
      for (const { after } of [...layers].reverse()) await after?.(state)
    } catch (error) {
      state.error = error
      for (const { onError } of layers) await onError?.(state)
      if (state.response === undefined) throw error
    }
    return state.response
  }
  run.use = (layer) => { layers.push(layer); return run }
  return run
}
