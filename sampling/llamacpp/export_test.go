package llamacpp

// Decoded returns how many tokens the model has read so far.
func (m *Model) Decoded() int64 { return m.engine.decoded.Load() }
