namespace Agent.Bench.Provision;

/// <summary>The servers that zones can be brought into, by the names of their drivers.</summary>
internal static class ProvisionServers
{
    public static IReadOnlyDictionary<string, Func<ProvisionServer>> ByDriver { get; } =
        new SortedDictionary<string, Func<ProvisionServer>>(StringComparer.Ordinal)
    {
        ["bind9"] = () => new BindProvision(),
        ["catalog"] = () => new CatalogProvision(),
        ["dynamic-update"] = () => new DynamicUpdateProvision(),
        ["exec"] = () => new ExecProvision(),
        ["gdnsd"] = () => new GdnsdProvision(),
        ["knot"] = () => new KnotProvision(),
        ["nsd"] = () => new NsdProvision(),
        ["powerdns-api"] = () => new PowerDnsApiProvision(),
        ["powerdns-sql"] = () => new PowerDnsSqlProvision(),
        ["tinydns"] = () => new TinydnsProvision(),
    };

    /// <summary>Those of a list with commas, all when there is none.</summary>
    /// <exception cref="FormatException">A name that none has.</exception>
    public static IReadOnlyList<string> Named(string? list)
    {
        string[] names = list?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [.. ByDriver.Keys];
        return Array.Find(names, name => !ByDriver.ContainsKey(name)) is { } unknown
            ? throw new FormatException($"--driver {unknown}: expected some of {string.Join(", ", ByDriver.Keys)}")
            : names;
    }
}
