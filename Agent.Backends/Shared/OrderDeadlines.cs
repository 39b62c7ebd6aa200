namespace Agent.Backends.Shared;

/// <summary>By when each kind of order is answered, whatever happens.</summary>
/// <param name="Apply">Writing and loading the largest zones has to fit.</param>
/// <param name="Remove">Taking a zone away.</param>
/// <param name="Observe">One question to the server, with repeats.</param>
/// <param name="Probe">Short: it decides whether a server counts as away.</param>
public sealed record OrderDeadlines(TimeSpan Apply, TimeSpan Remove, TimeSpan Observe, TimeSpan Probe)
{
    /// <summary>Naming all zones; a server may have very many.</summary>
    public TimeSpan List { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>For servers that answer a control channel and load zones themselves.</summary>
    public static OrderDeadlines Default { get; } =
        new(TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(8), TimeSpan.FromSeconds(5));
}
