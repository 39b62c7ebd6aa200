using System.Globalization;
using Agent.Backends.Catalog;
using Agent.Dns.Tsig;
using Agent.Dns.Wire;
using Agent.Host.Configuration.Hocon;

namespace Agent.Host.Configuration;

/// <param name="Name">Apex of the catalog zone.</param>
/// <param name="Consumers">The servers that read it.</param>
/// <param name="Quorum">So many of them must serve a change; 0: all.</param>
public sealed record CatalogTargetSettings(DomainName Name, IReadOnlyList<ConsumerSettings> Consumers, int Quorum) : TargetSettings
{
    // What stands before it in the catalog (group.LABEL.zones.) has to fit into a name of 255 octets.
    private const int NameOctetsMax = 200;

    private static readonly HoconObject KeyDefault =
        new HoconLoader(_ => null).AddText("key = \"\"", SectionReader.BuiltIn).Resolve();

    /// <param name="folder">Where the catalog is kept between runs.</param>
    /// <param name="current">The key of a name as it stands after reloads; null when it was taken out.</param>
    /// <param name="readWanted">Names the zones that belong to the target.</param>
    public CatalogOptions ToOptions(
        string folder,
        Func<string, TsigKey?> current,
        Func<CancellationToken, Task<IReadOnlyCollection<DomainName>>> readWanted) =>
        new(Name, [.. Consumers.Select(consumer => consumer.ToOptions(current))], folder) { Quorum = Quorum, ReadWanted = readWanted };

    internal static CatalogTargetSettings Read(SectionReader section, TargetSurroundings around)
    {
        string text = section.Text("name");
        if (!DomainName.TryParse(text, out DomainName? name) || name.IsRoot || name.Wire.Length > NameOctetsMax)
        {
            section.WrongValue("name", text.Length == 0
                ? "the name of the catalog zone must be given, as the consumers know it: catalog.example"
                : $"the name of a zone of at most {NameOctetsMax} octets is needed, not '{text}'");
        }

        if (section.IsSet("server")) section.WrongValue("server", "leave this empty: the consumers are asked what they serve");
        List<ConsumerSettings> consumers = ReadConsumers(section, around);
        if (consumers.Count == 0) section.Problem("consumers", "at least one server that reads the catalog must be named");
        return new CatalogTargetSettings(name ?? DomainName.Root, consumers, ReadQuorum(section, consumers.Count));
    }

    private static List<ConsumerSettings> ReadConsumers(SectionReader section, TargetSurroundings around)
    {
        var consumers = new List<ConsumerSettings>();
        foreach ((int index, HoconNode item) in section.Items("consumers").Index())
        {
            if (item is not HoconObject written)
            {
                // A text with commas gives several, so that they can come from one environment variable.
                string text = item is HoconScalar { IsNull: false } scalar ? scalar.Text : "";
                foreach (string word in text.Split(',', StringSplitOptions.TrimEntries)) Add(word, key: null, item.Origin);
                continue;
            }

            SectionReader inner = section.Item("consumers", index, written, KeyDefault);
            string name = inner.Text("key");
            if (name.Length > 0) KeyReader.Check(inner, "key", name, around.Keys);
            Add(inner.Text("address"), around.Keys.GetValueOrDefault(name), inner.OriginOf("address"));
            inner.Done();
        }

        return consumers;

        void Add(string word, KeyOptions? key, HoconOrigin origin)
        {
            if (HostEndpoint.Parse(word, TargetDrivers.DnsPort) is not { } server)
                section.WrongItem(origin, "consumers", $"an address or name is needed, with or without port, not '{word}'");
            else if (consumers.Exists(consumer => consumer.Server == server))
                section.WrongItem(origin, "consumers", $"{word} is named twice");
            else
                consumers.Add(new ConsumerSettings(server, key));
        }
    }

    private static int ReadQuorum(SectionReader section, int consumers)
    {
        string text = section.Text("quorum");
        if (text == "all") return 0;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int quorum) && quorum >= 1 && quorum <= consumers)
            return quorum;
        string problem = $"all, or a number from 1 to that of the consumers, is needed, not '{text}'";
        if (quorum >= 1) section.Problem("quorum", problem);
        else section.WrongValue("quorum", problem);
        return 0;
    }
}

/// <param name="Server">Where it answers DNS and hears NOTIFY.</param>
/// <param name="Key">Signs NOTIFY to it; null: unsigned.</param>
public sealed record ConsumerSettings(HostEndpoint Server, KeyOptions? Key)
{
    internal CatalogConsumer ToOptions(Func<string, TsigKey?> current)
    {
        if (Key is null) return new CatalogConsumer(Server.ToEndPoint());
        TsigKey atStart = Key.ToTsigKey();
        return new CatalogConsumer(Server.ToEndPoint(), () => current(Key.Name) ?? atStart);
    }
}
