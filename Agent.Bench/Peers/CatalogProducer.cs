namespace Agent.Bench.Peers;

/// <summary>A server that can hand out a catalog zone (RFC 9432) that it makes by itself of the zones that it serves.</summary>
public abstract class CatalogProducer(string purpose) : MasterServer(purpose)
{
    private readonly Dictionary<string, string> _groups = new(StringComparer.Ordinal);

    /// <summary>Name of that catalog; null: none. Set before the start.</summary>
    public string? Catalog { get; init; }

    /// <summary>The group of each zone that has one.</summary>
    protected IReadOnlyDictionary<string, string> Groups => _groups;

    /// <summary>Gives a zone that is served another group in the catalog.</summary>
    public async Task SetGroupAsync(string name, string group)
    {
        string key = Zone(name).Key;
        _groups[key] = group;
        await GroupChangedAsync(key);
    }

    /// <summary>Takes over the group of a zone.</summary>
    protected abstract Task GroupChangedAsync(string key);
}
