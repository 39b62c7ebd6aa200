using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Agent.Backends.PowerDns;
using Agent.Dns.Records;
using Agent.Dns.Wire;

namespace Agent.Backends.PowerDnsApi;

/// <summary>Compares sets of records as the API shows them with those of a content.</summary>
internal sealed class ServedRrsets
{
    private readonly RrsetIndex _wanted;
    private readonly List<RdataToken> _tokens = [];
    private readonly byte[] _rdata = new byte[ushort.MaxValue];
    private readonly byte[] _owner = new byte[NameReader.MaximumLength];

    private readonly RrsetDigest _soa;

    /// <param name="wanted">All sets of the content; those that the server has alike are taken out.</param>
    /// <param name="soa">Its SOA.</param>
    public ServedRrsets(RrsetIndex wanted, WantedRrset soa)
    {
        _wanted = wanted;
        _soa = default(RrsetDigest).With(soa.Ttl, RrsetIndex.DigestOf(RecordType.SOA, soa.Rdata[0]));
    }

    /// <summary>The server has the wanted SOA.</summary>
    public bool HasSoa { get; private set; }

    /// <summary>Sets that the content does not have, as the API names them: types by the text of their owner, in lower case.</summary>
    public Dictionary<string, List<string>> Surplus { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Takes one set of the server.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public void Take(JsonElement rrset)
    {
        string name = Text(rrset, "name");
        string type = Text(rrset, "type");
        if (type == "SOA")
        {
            HasSoa = IsAlike(rrset, RecordType.SOA, _soa);
            return;
        }

        if (TryReadKey(name, type, out UInt128 key, out RecordType number) && _wanted.Find(key) is { } wanted)
        {
            if (IsAlike(rrset, number, wanted))
                _wanted.Forget(key);
            return;
        }

        (CollectionsMarshal.GetValueRefOrAddDefault(Surplus, name, out _) ??= []).Add(type);
    }

    private static string Text(JsonElement item, string member) =>
        item.TryGetProperty(member, out JsonElement value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()! : throw new JsonException($"a set of records has no {member}");

    private bool TryReadKey(string name, string type, out UInt128 key, out RecordType number)
    {
        key = default;
        if (!PowerDnsTypes.TryParse(type, out number)
            || !NameText.TryParse(Encoding.UTF8.GetBytes(name), default, _owner, out int length))
            return false;
        key = RrsetIndex.KeyOf(_owner.AsSpan(0, length), number);
        return true;
    }

    private bool IsAlike(JsonElement rrset, RecordType type, RrsetDigest wanted)
    {
        RrsetDigest served = default;
        uint ttl = rrset.GetProperty("ttl").GetUInt32();
        foreach (JsonElement record in rrset.GetProperty("records").EnumerateArray())
        {
            if (record.GetProperty("disabled").GetBoolean() || !TryParse(type, Text(record, "content"), out int length))
                return false;
            served = served.With(ttl, RrsetIndex.DigestOf(type, _rdata.AsSpan(0, length)));
        }

        return served == wanted;
    }

    private bool TryParse(RecordType type, string content, out int length)
    {
        length = 0;
        byte[] text = Encoding.UTF8.GetBytes(content);
        _tokens.Clear();
        if (!RdataTokens.TrySplit(text, _tokens))
            return false;
        RdataTokens tokens = new(text, CollectionsMarshal.AsSpan(_tokens));
        return RdataParser.TryParse(type, ref tokens, default, _rdata, out length, out _);
    }
}
