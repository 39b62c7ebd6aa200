using System.Globalization;
using Agent.Backends.Catalog;
using Agent.Dns.Wire;
using Agent.Host.Configuration.Hocon;

namespace Agent.Host.Configuration;

/// <param name="Name">Apex of the catalog zone.</param>
/// <param name="Consumers">The servers that read it.</param>
/// <param name="Quorum">So many of them must serve a change; 0: all.</param>
public sealed record CatalogTargetSettings(DomainName Name, IReadOnlyList<HostEndpoint> Consumers, int Quorum) : TargetSettings
{
    // What stands before it in the catalog (group.LABEL.zones.) has to fit into a name of 255 octets.
    private const int NameOctetsMax = 200;

    /// <param name="folder">Where the catalog is kept between runs.</param>
    /// <param name="readWanted">Names the zones that belong to the target.</param>
    public CatalogOptions ToOptions(string folder, Func<CancellationToken, Task<IReadOnlyCollection<DomainName>>> readWanted) =>
        new(Name, [.. Consumers.Select(consumer => consumer.ToEndPoint())], folder) { Quorum = Quorum, ReadWanted = readWanted };

    internal static CatalogTargetSettings Read(SectionReader section, TargetSurroundings around)
    {
        string text = section.Text("name");
        if (!DomainName.TryParse(text, out DomainName? name) || name.IsRoot || name.Wire.Length > NameOctetsMax)
        {
            section.Problem("name", text.Length == 0
                ? "the name of the catalog zone must be given, as the consumers know it: catalog.example"
                : $"the name of a zone of at most {NameOctetsMax} octets is needed, not '{text}'");
        }

        if (section.IsSet("server")) section.Problem("server", "leave this empty: the consumers are asked what they serve");
        var consumers = new List<HostEndpoint>();
        foreach ((string word, HoconOrigin origin) in section.Words("consumers"))
        {
            if (HostEndpoint.Parse(word, TargetDrivers.DnsPort) is not { } consumer)
                section.ProblemAt(origin, "consumers", $"an address or name is needed, with or without port, not '{word}'");
            else if (consumers.Contains(consumer))
                section.ProblemAt(origin, "consumers", $"{word} is named twice");
            else
                consumers.Add(consumer);
        }

        if (consumers.Count == 0) section.Problem("consumers", "at least one server that reads the catalog must be named");
        return new CatalogTargetSettings(name ?? DomainName.Root, consumers, ReadQuorum(section, consumers.Count));
    }

    private static int ReadQuorum(SectionReader section, int consumers)
    {
        string text = section.Text("quorum");
        if (text == "all") return 0;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int quorum) && quorum >= 1 && quorum <= consumers)
            return quorum;
        section.Problem("quorum", $"all, or a number from 1 to that of the consumers, is needed, not '{text}'");
        return 0;
    }
}
