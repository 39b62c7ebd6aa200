using System.Runtime.InteropServices;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Backends.DynamicUpdate;

/// <summary>
/// A change as messages of RFC 2136: in which order its records go and come, where it is cut when it does not fit one message, and the
/// messages themselves.
/// </summary>
/// <remarks>
/// What changes at one name stays together and in one message as far as it fits, so that no state in between has half a record set. At a
/// name, records go before others come: a server ignores an address beside an alias, and an alias beside an address. The name servers of
/// the apex come before others go, since a server keeps its last one whatever it is told (RFC 2136 section 3.4.2.4). Where they only get
/// another TTL they do not go at all, and to come again would change nothing on some servers: a helper that comes with the new TTL and
/// goes again in the same message takes the whole set along. An alias of all names below a name (DNAME) goes before everything else and
/// comes behind it, since nothing may be below it. The SOA comes last.
/// </remarks>
internal sealed class UpdatePlan
{
    private static readonly DomainName Helper = DomainName.Parse("helper.invalid.");

    private readonly ContentChange _change;
    private readonly UpdateSoa _wanted;
    private readonly Step[] _steps;
    private readonly List<Range> _parts = [];
    private readonly byte[] _buffer;
    private readonly int _reserved;

    private UpdatePlan(ContentChange change, UpdateSoa wanted, int signatureBytes, int messageBytes)
    {
        _wanted = wanted;
        _reserved = signatureBytes;
        Dictionary<string, uint> servers = ApexServers(change.Added);
        HashSet<string> kept = [.. ApexServers(change.Deleted).Keys.Where(servers.ContainsKey)];
        _change = kept.Count == 0 ? change : WithHelper(change, servers[kept.First()]);
        _steps = Order(kept);
        // A record takes no more in a message than in the change. Most changes are small, and each has a buffer of its own.
        long all = MessageHeader.Size + QuestionBytesMax + 2 * SoaBytesMax + signatureBytes
            + (long)_change.Deleted.Length + _change.Added.Length;
        _buffer = new byte[Math.Min(all, messageBytes)];
    }

    /// <summary>A record that does not fit any message; null when all do.</summary>
    public string? TooLarge { get; private set; }

    /// <summary>Messages that carry changes; at least one, which sets the serial.</summary>
    public int MessageCount => _parts.Count;

    /// <summary>Orders the change and finds where it must be cut.</summary>
    /// <param name="change">What goes and comes.</param>
    /// <param name="wanted">The SOA in the end.</param>
    /// <param name="signatureBytes">Room that a signature takes.</param>
    /// <param name="messageBytes">The largest message, at most 65535.</param>
    public static UpdatePlan Make(ContentChange change, UpdateSoa wanted, int signatureBytes, int messageBytes)
    {
        var plan = new UpdatePlan(change, wanted, signatureBytes, messageBytes);
        plan.Cut();
        return plan;
    }

    /// <summary>
    /// Writes a message; it is valid until the next one is written, has room for its signature behind it, and says by its prerequisite
    /// from which SOA it starts (RFC 2136 section 2.4.2).
    /// </summary>
    /// <param name="part">Which part of the change it carries.</param>
    /// <param name="id">The message's id.</param>
    /// <param name="from">The SOA as the server has it.</param>
    /// <param name="serial">The serial that the message sets.</param>
    /// <param name="length">Bytes of the message.</param>
    public byte[] Write(int part, ushort id, UpdateSoa from, uint serial, out int length)
    {
        MessageWriter writer = Begin(id, from);
        bool fits = true;
        foreach (Step step in _steps.AsSpan(_parts[part]))
            fits &= TryWrite(ref writer, step);
        UpdateSoa soa = _wanted.WithSerial(serial);
        fits &= writer.TryWriteRecord(
            MessageSection.Authority, soa.Apex.Wire, RecordType.SOA, RecordClass.IN, soa.Ttl, soa.Rdata);
        length = writer.Length;
        return fits ? _buffer : throw new InvalidOperationException("A part of the change does not fit the message it was cut for.");
    }

    private MessageWriter Begin(ushort id, UpdateSoa from)
    {
        MessageWriter writer = new(_buffer, id, MessageHeader.ComposeFlags(Opcode.Update));
        writer.Reserve(_reserved);
        writer.TryWriteQuestion(_wanted.Apex, RecordType.SOA);
        writer.TryWriteRecord(MessageSection.Answer, from.Apex.Wire, RecordType.SOA, RecordClass.IN, 0, from.Rdata);
        return writer;
    }

    private bool TryWrite(ref MessageWriter writer, Step step)
    {
        StoredRecord record = At(step);
        return step.IsAddition
            ? writer.TryWriteRecord(MessageSection.Authority, record.Owner, record.Type, RecordClass.IN, record.Ttl, record.Rdata)
            : writer.TryWriteRecord(MessageSection.Authority, record.Owner, record.Type, RecordClass.NONE, 0, record.Rdata);
    }

    private StoredRecord At(Step step)
    {
        ReadOnlyMemory<byte> half = step.IsAddition ? _change.Added : _change.Deleted;
        StoredRecord.Read(half.Span[step.Offset..], out StoredRecord record);
        return record;
    }

    private ContentChange WithHelper(ContentChange change, uint ttl)
    {
        byte[] record = new byte[StoredRecord.MaximumSize];
        int length = StoredRecord.Write(record, _wanted.Apex.Wire, RecordType.NS, RecordClass.IN, ttl, Helper.Wire);
        ReadOnlySpan<byte> helper = record.AsSpan(0, length);
        return new ContentChange((byte[])[.. change.Deleted.Span, .. helper], (byte[])[.. change.Added.Span, .. helper]);
    }

    /// <param name="kept">Name servers of the apex that only get another TTL or spelling.</param>
    private Step[] Order(HashSet<string> kept)
    {
        var steps = new List<Step>();
        var owners = new Dictionary<ulong, int>();
        Gather(isAddition: false);
        Gather(isAddition: true);
        // Stable by where each stands in its half, so that the same change makes the same messages.
        CollectionsMarshal.AsSpan(steps).Sort(static (left, right) =>
            (left.Owner, left.Phase, left.Offset).CompareTo((right.Owner, right.Phase, right.Offset)));
        return [.. steps];

        void Gather(bool isAddition)
        {
            using RecordStream records = new(isAddition ? _change.Added : _change.Deleted);
            for (int offset = 0; records.TryRead(out StoredRecord record); offset = (int)records.Position)
            {
                bool isApexServer = IsApexServer(record);
                if (!isAddition && isApexServer && kept.Contains(KeyOf(record)))
                    continue;
                // Two names of one hash would only stay together, too.
                ulong hash = NameBytes.StableHash(record.Owner);
                if (!owners.TryGetValue(hash, out int owner))
                    owners.Add(hash, owner = owners.Count);
                if (record.Type == RecordType.DNAME)
                    owner = isAddition ? int.MaxValue : -1;
                bool isHelper = isApexServer && record.Rdata.SequenceEqual(Helper.Wire);
                steps.Add(new Step(owner, PhaseOf(isAddition, isApexServer, isHelper), offset, isAddition));
            }
        }
    }

    private static int PhaseOf(bool isAddition, bool isApexServer, bool isHelper) => (isAddition, isApexServer) switch
    {
        (true, true) => isHelper ? 0 : 1,
        (false, _) => isHelper ? 4 : 2,
        (true, false) => 3,
    };

    /// <summary>The name servers of the apex in a half, with their TTLs.</summary>
    private Dictionary<string, uint> ApexServers(ReadOnlyMemory<byte> half)
    {
        Dictionary<string, uint> servers = new(StringComparer.Ordinal);
        using RecordStream records = new(half);
        while (records.TryRead(out StoredRecord record))
        {
            if (IsApexServer(record))
                servers[KeyOf(record)] = record.Ttl;
        }

        return servers;
    }

    private bool IsApexServer(in StoredRecord record) => record.Type == RecordType.NS && NameBytes.Equal(record.Owner, _wanted.Apex.Wire);

    private static string KeyOf(in StoredRecord server)
    {
        byte[] name = server.Rdata.ToArray();
        NameBytes.Fold(name);
        return Convert.ToHexString(name);
    }

    private void Cut()
    {
        int start = 0;
        do
        {
            int end = EndOf(start);
            if (end == start && start < _steps.Length)
            {
                StoredRecord record = At(_steps[start]);
                DomainName.TryFromWire(record.Owner, out DomainName? owner);
                TooLarge = $"{owner} {Dns.Records.RecordTypeText.ToText(record.Type)}";
                return;
            }

            _parts.Add(start..end);
            start = end;
        }
        while (start < _steps.Length);
    }

    /// <summary>Where a message that begins here must end.</summary>
    private int EndOf(int start)
    {
        // The room of any SOA of the server, since that of the first message may be another one than ours.
        MessageWriter writer = new(_buffer, 0, MessageHeader.ComposeFlags(Opcode.Update));
        writer.TryWriteQuestion(_wanted.Apex, RecordType.SOA);
        writer.Reserve(_reserved + 2 * SoaBytesMax);
        int nameStart = start;
        for (int i = start; i < _steps.Length; i++)
        {
            if (_steps[i].Owner != _steps[nameStart].Owner)
                nameStart = i;
            if (!TryWrite(ref writer, _steps[i]))
                return nameStart > start ? nameStart : i;
        }

        return _steps.Length;
    }

    private const int QuestionBytesMax = NameReader.MaximumLength + 2 * sizeof(ushort);
    private const int SoaBytesMax = 3 * NameReader.MaximumLength + StoredRecord.FixedSize + SoaNumbers.Size;

    private readonly record struct Step(int Owner, int Phase, int Offset, bool IsAddition);
}
