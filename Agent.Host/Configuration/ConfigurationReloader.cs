namespace Agent.Host.Configuration;

/// <summary>
/// Loads the configuration again on request. What needs a restart is always compared with the start, so a reload keeps reminding of it;
/// what is applied live is compared with the last reload. Not for use by several threads at once.
/// </summary>
public sealed class ConfigurationReloader
{
    private readonly ConfigurationSources _sources;
    private readonly AgentConfiguration _atStart;
    private AgentConfiguration _last;

    /// <exception cref="ConfigurationException">The configuration cannot be used.</exception>
    public ConfigurationReloader(ConfigurationSources sources)
    {
        _sources = sources;
        _atStart = AgentConfiguration.Load(sources);
        _last = _atStart;
    }

    /// <summary>What was loaded last; it may contain values that a running agent takes only at its next start.</summary>
    public AgentConfiguration Current => _last;

    /// <summary>
    /// Reads everything again. The result says what to apply; nothing is remembered of a configuration that is refused.
    /// </summary>
    /// <exception cref="ConfigurationException">The new configuration cannot be used; the old one stays.</exception>
    public ConfigurationChange Reload()
    {
        AgentConfiguration current = AgentConfiguration.Load(_sources);
        ConfigurationChange change = ConfigurationChange.Compare(_atStart, _last, current);
        _last = current;
        return change;
    }
}
