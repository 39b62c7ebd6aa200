namespace Agent.Host.Composition;

/// <summary>The agent cannot start with these settings, whatever the machine does. The message names the setting.</summary>
internal sealed class StartException(string message, Exception? inner = null) : Exception(message, inner);
