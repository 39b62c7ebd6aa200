using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Dns.Catalogs;

/// <summary>
/// Reads a catalog zone (RFC 9432).
/// </summary>
/// <remarks>
/// <code>
/// version.CATALOG              TXT  "2"                 exactly one; "1" is the form before the RFC, without properties
/// LABEL.zones.CATALOG          PTR  member zone         exactly one for each label, and each zone at one label only
/// group.LABEL.zones.CATALOG    TXT  "word"              any number
/// coo.LABEL.zones.CATALOG      PTR  other catalog       at most one
/// </code>
/// Strict where the RFC calls a catalog broken, for then nobody can say what its author wanted: the caller keeps what it has. Everything
/// else in the zone (other properties, types and names) is passed over. Properties of a label without member belong to nothing.
/// </remarks>
public sealed class CatalogReader
{
    private readonly DomainName _apex;
    private readonly int _apexLabels;
    private readonly int _membersMaximum;
    private readonly Dictionary<DomainName, Node> _nodes = [];
    private int _members;
    private string? _version;
    private string? _problem;

    private CatalogReader(DomainName apex, int membersMaximum)
    {
        _apex = apex;
        _apexLabels = apex.LabelCount;
        _membersMaximum = membersMaximum;
    }

    /// <summary>Reads a catalog from a zone's content, which may lie on a disk: not for actors.</summary>
    /// <param name="content">The zone.</param>
    /// <param name="membersMaximum">A catalog with more members than this is refused; so is one with more labels that have
    /// properties and no member.</param>
    public static CatalogReading Read(ZoneContent content, int membersMaximum)
    {
        ArgumentNullException.ThrowIfNull(content);
        var reader = new CatalogReader(content.Apex, membersMaximum);
        using RecordStream records = content.Open();
        while (reader._problem is null && records.TryRead(out StoredRecord record)) reader.Take(record);
        if (records.Error != ZoneContentError.None) reader.Broken($"its content cannot be read: {records.Error}");
        return reader.Finish();
    }

    private void Broken(string problem) => _problem ??= problem;

    private void Take(in StoredRecord record)
    {
        if (record.Class != RecordClass.IN || record.Type is not (RecordType.TXT or RecordType.PTR)) return;
        ReadOnlySpan<byte> owner = record.Owner;
        int labels = NameBytes.LabelCount(owner) - _apexLabels;
        if (labels is < 1 or > 3 || !NameBytes.IsSameOrBelow(owner, _apex.Wire)) return;
        ReadOnlySpan<byte> first = Label(owner, 0);
        if (labels == 1)
        {
            if (record.Type == RecordType.TXT && Is(first, "version"u8)) TakeVersion(record.Rdata);
            return;
        }

        if (!Is(Label(owner, labels - 1), "zones"u8)) return;
        if (labels == 2 && record.Type == RecordType.PTR) TakeMember(NodeOf(first), record.Rdata);
        else if (labels == 3 && record.Type == RecordType.PTR && Is(first, "coo"u8)) TakeNextOwner(NodeOf(Label(owner, 1)), record.Rdata);
        else if (labels == 3 && record.Type == RecordType.TXT && Is(first, "group"u8)) TakeGroup(NodeOf(Label(owner, 1)), record.Rdata);
    }

    private void TakeVersion(ReadOnlySpan<byte> rdata)
    {
        // One string only: "2" "" is another record than "2".
        string version = rdata.Length > 0 && rdata[0] == rdata.Length - 1 ? Encoding.Latin1.GetString(rdata[1..]) : "";
        if (version is not ("1" or "2")) Broken("its version is neither 1 nor 2");
        else if (_version is not null && _version != version) Broken("it has two versions");
        else _version = version;
    }

    private void TakeMember(Node? node, ReadOnlySpan<byte> rdata)
    {
        if (node is null || !DomainName.TryFromWire(rdata, out DomainName? zone)) return;
        if (node.Zone is not null && node.Zone != zone) Broken($"{node.Label}.zones stands for two zones, {node.Zone} and {zone}");
        else if (node.Zone is null && ++_members > _membersMaximum) Broken($"it has more than {Text(_membersMaximum)} members");
        else node.Zone = zone;
    }

    private static void TakeNextOwner(Node? node, ReadOnlySpan<byte> rdata)
    {
        if (node is null || !DomainName.TryFromWire(rdata, out DomainName? next)) return;
        node.HasTwoOwners |= node.NextOwner is not null && node.NextOwner != next;
        node.NextOwner = next;
    }

    private static void TakeGroup(Node? node, ReadOnlySpan<byte> rdata)
    {
        if (node is null) return;
        var text = new StringBuilder();
        while (!rdata.IsEmpty && rdata[0] < rdata.Length)
        {
            text.Append(Encoding.Latin1.GetString(rdata.Slice(1, rdata[0])));
            rdata = rdata[(rdata[0] + 1)..];
        }

        node.Groups.Add(text.ToString());
    }

    private Node? NodeOf(ReadOnlySpan<byte> label)
    {
        if (!DomainName.Root.TryPrepend(label, out DomainName? name)) return null;
        if (_nodes.TryGetValue(name, out Node? node)) return node;
        if (_nodes.Count - _members > _membersMaximum)
        {
            // They are no members, but they take as much room.
            Broken($"it has more than {Text(_membersMaximum)} labels without member");
            return null;
        }

        return _nodes[name] = new Node(name.Fold().ToString()[..^1]);
    }

    private CatalogReading Finish()
    {
        if (_version is null) Broken("it has no version");
        var members = ImmutableArray.CreateBuilder<CatalogMember>(_nodes.Count);
        var labels = new Dictionary<DomainName, string>(_nodes.Count);
        bool hasProperties = _version == "2";
        foreach (Node node in _nodes.Values)
        {
            if (_problem is not null) return new CatalogReading(null, _problem);
            if (node.Zone is not { } zone) continue;
            if (!labels.TryAdd(zone, node.Label)) Broken($"{zone} is a member twice, as {labels[zone]} and as {node.Label}");
            if (hasProperties && node.HasTwoOwners) Broken($"{zone} is given to two other catalogs");
            members.Add(new CatalogMember(
                zone, node.Label, hasProperties ? [.. node.Groups] : [], hasProperties ? node.NextOwner : null));
        }

        return _problem is not null
            ? new CatalogReading(null, _problem)
            : new CatalogReading(new Catalog(_apex, hasProperties ? 2 : 1, members.ToImmutable()), null);
    }

    private static string Text(int count) => count.ToString(CultureInfo.InvariantCulture);

    private static ReadOnlySpan<byte> Label(ReadOnlySpan<byte> name, int index)
    {
        for (; index > 0; index--) name = name[(name[0] + 1)..];
        return name.Slice(1, name[0]);
    }

    private static bool Is(ReadOnlySpan<byte> label, ReadOnlySpan<byte> word)
    {
        if (label.Length != word.Length) return false;
        for (int i = 0; i < word.Length; i++)
        {
            if (NameBytes.Fold(label[i]) != word[i]) return false;
        }

        return true;
    }

    private sealed class Node(string label)
    {
        public string Label { get; } = label;

        public DomainName? Zone { get; set; }

        public DomainName? NextOwner { get; set; }

        public bool HasTwoOwners { get; set; }

        public SortedSet<string> Groups { get; } = new(StringComparer.Ordinal);
    }
}
