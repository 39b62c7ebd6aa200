using Agent.Actors.Backends;
using Agent.Backends.Shared;
using Agent.Dns.Records;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Backends.Gdnsd;

/// <summary>
/// What gdnsd does not load from a zone file although a master may send it. It then loads no other zone either, and of an empty RDATA it
/// dies. So the content is looked at before a file is written, and what is refused here is refused with a reason; what gets by,
/// <see cref="GdnsdReloads"/> finds.
/// </summary>
/// <remarks>
/// Names are held by their hash of 64 bits, and only those that something hangs on: aliases, delegations, name servers. The sizes of RRsets
/// are added up in a table of fixed size first, and exactly only for those that fell on a place that came to too much.
/// </remarks>
public static class GdnsdContentRules
{
    private const int TextOctetsMax = 16_000;
    private const int NameServersMax = 64;
    private const int AliasesInARowMax = 16;
    private const string NoSignatures = "gdnsd has no DNSSEC and would leave signatures out of its answers";

    // The largest message that gdnsd builds, and what each record takes beside its data.
    private const int AnswerOctetsMax = 16 * 1024;
    private const int RecordOverhead = 12;
    private const int SizePlaces = 64 * 1024;

    // What gdnsd uses for itself, DYNC.
    private const RecordType DynamicAlias = (RecordType)0xFF0F;
    private const RecordType NoType = default;
    private const RecordType FirstMetaType = (RecordType)128;
    private const RecordType LastMetaType = (RecordType)255;

    /// <summary>What is refused for its type alone.</summary>
    public static ZoneLimits Limits { get; } = new()
    {
        Types =
        [
            new TypeLimit(RecordType.RRSIG, NoSignatures),
            new TypeLimit(RecordType.NSEC, NoSignatures),
            new TypeLimit(RecordType.NSEC3, NoSignatures),
            new TypeLimit(RecordType.HINFO),
            new TypeLimit(NoType),
            new TypeLimit(FirstMetaType, LastMetaType, Why: null),
            new TypeLimit(DynamicAlias, "gdnsd uses it for itself"),
        ],
        FileNameOctets = ZoneFileName.LengthMax,
    };

    /// <summary>Why gdnsd would not load a content within <see cref="Limits"/>; null when nothing is known against it.</summary>
    public static string? Objection(ZoneContent content)
    {
        Names names = new(content.Apex);
        int[] sizes = new int[SizePlaces];
        using (RecordStream records = content.Open())
        {
            while (records.TryRead(out StoredRecord record))
            {
                if (ObjectionTo(record) is { } objection)
                    return $"{objection} at {NameOf(record.Owner)}";
                if (names.Note(record) is { } conflict)
                    return conflict;
                int place = PlaceOf(record);
                sizes[place] = (int)Math.Min((long)sizes[place] + RecordOverhead + record.Rdata.Length, int.MaxValue);
            }
        }

        if (!names.HasNameServers)
            return "no NS record at its apex";
        return names.LongAliases() ?? Together(content, names) ?? TooLarge(content, sizes);
    }

    private static string? ObjectionTo(in StoredRecord record) => record.Type switch
    {
        _ when record.Rdata.IsEmpty => $"a record without data, of which gdnsd dies: {RecordTypeText.ToText(record.Type)}",
        RecordType.TXT when record.Rdata.Length > TextOctetsMax => $"a TXT record of more than {TextOctetsMax} octets",
        _ => null,
    };

    /// <summary>What two records come to together, wherever in the content they stand.</summary>
    private static string? Together(ZoneContent content, Names names)
    {
        using RecordStream records = content.Open();
        while (records.TryRead(out StoredRecord record))
        {
            if (names.Conflict(record) is { } conflict)
                return conflict;
        }

        return names.MissingAddress();
    }

    private static string? TooLarge(ZoneContent content, int[] sizes)
    {
        if (!sizes.Any(static size => size > AnswerOctetsMax))
            return null;
        Dictionary<(ulong Owner, RecordType Type), int> exact = [];
        using RecordStream records = content.Open();
        while (records.TryRead(out StoredRecord record))
        {
            if (sizes[PlaceOf(record)] <= AnswerOctetsMax)
                continue;
            (ulong, RecordType) key = (NameHash.Of(record.Owner), record.Type);
            int size = exact[key] = exact.GetValueOrDefault(key) + RecordOverhead + record.Rdata.Length;
            if (size > AnswerOctetsMax)
                return $"more than {AnswerOctetsMax} octets of {RecordTypeText.ToText(record.Type)} records at {NameOf(record.Owner)}";
        }

        return null;
    }

    private static int PlaceOf(in StoredRecord record) =>
        (int)((NameHash.Of(record.Owner) + (ulong)record.Type) % SizePlaces);

    private static string NameOf(ReadOnlySpan<byte> wire) => DomainName.TryFromWire(wire, out DomainName? name) ? name.ToString() : "?";

    private static bool IsWildcard(ReadOnlySpan<byte> wire) => wire.StartsWith("\u0001*"u8);

    /// <summary>The names that rules of several records speak of.</summary>
    private sealed class Names(DomainName apex)
    {
        private readonly Dictionary<ulong, ulong> _aliases = [];
        private readonly Dictionary<ulong, int> _delegations = [];
        private readonly Dictionary<ulong, DomainName> _withoutAddress = [];
        private int _apexServers;

        public bool HasNameServers => _apexServers > 0;

        /// <summary>Takes notes of a record; not null when it is one too many.</summary>
        public string? Note(in StoredRecord record)
        {
            if (record.Type == RecordType.CNAME)
            {
                ulong destination = NameHash.Of(record.Rdata);
                if (!_aliases.TryAdd(NameHash.Of(record.Owner), destination))
                    return $"several CNAME records at {NameOf(record.Owner)}";
            }

            return record.Type == RecordType.NS ? NoteServer(record) : null;
        }

        public string? LongAliases()
        {
            foreach (ulong start in _aliases.Keys)
            {
                int length = 1;
                for (ulong at = start; _aliases.TryGetValue(at, out ulong next); at = next)
                {
                    if (++length > AliasesInARowMax + 1)
                        return $"a chain of more than {AliasesInARowMax} CNAME records, or a ring of them";
                }
            }

            return null;
        }

        /// <summary>Not null when the record cannot stand where it does.</summary>
        public string? Conflict(in StoredRecord record)
        {
            ulong owner = NameHash.Of(record.Owner);
            if (record.Type != RecordType.CNAME && _aliases.ContainsKey(owner))
                return $"{RecordTypeText.ToText(record.Type)} beside the CNAME at {NameOf(record.Owner)}";
            if (record.Type is RecordType.A or RecordType.AAAA)
                _withoutAddress.Remove(owner);
            if (_delegations.Count == 0)
                return null;
            bool isBelow = record.Owner.Length > apex.Wire.Length && IsAtOrBelowDelegation(record.Owner[(record.Owner[0] + 1)..]);
            bool isAddress = record.Type is RecordType.A or RecordType.AAAA;
            if (isBelow && (!isAddress || IsWildcard(record.Owner)))
                return $"data below a delegation other than addresses: {RecordTypeText.ToText(record.Type)} at {NameOf(record.Owner)}";
            bool isAtDelegation = _delegations.ContainsKey(owner);
            return isAtDelegation && !isAddress && record.Type != RecordType.NS
                ? $"data at a delegation other than NS and addresses: {RecordTypeText.ToText(record.Type)} at {NameOf(record.Owner)}"
                : null;
        }

        /// <summary>A name server in a delegated part of the zone needs an address here.</summary>
        public string? MissingAddress()
        {
            DomainName? server = _withoutAddress.Values.FirstOrDefault(name => IsAtOrBelowDelegation(name.Wire));
            return server is null ? null : $"a name server in a delegated part of it that has no address here: {server}";
        }

        private string? NoteServer(in StoredRecord record)
        {
            if (NameBytes.IsSameOrBelow(record.Rdata, apex.Wire) && DomainName.TryFromWire(record.Rdata, out DomainName? server))
                _withoutAddress[NameHash.Of(record.Rdata)] = server;
            int count;
            if (record.Owner.Length == apex.Wire.Length)
            {
                count = ++_apexServers;
            }
            else
            {
                if (IsWildcard(record.Owner))
                    return $"a delegation by a wildcard: {NameOf(record.Owner)}";
                ulong owner = NameHash.Of(record.Owner);
                count = _delegations[owner] = _delegations.GetValueOrDefault(owner) + 1;
            }

            return count > NameServersMax ? $"more than {NameServersMax} NS records at {NameOf(record.Owner)}" : null;
        }

        private bool IsAtOrBelowDelegation(ReadOnlySpan<byte> name)
        {
            for (; name.Length > apex.Wire.Length; name = name[(name[0] + 1)..])
            {
                if (_delegations.ContainsKey(NameHash.Of(name)))
                    return true;
            }

            return false;
        }
    }
}
