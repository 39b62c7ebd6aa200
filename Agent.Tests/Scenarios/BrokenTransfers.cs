using System.Buffers.Binary;
using Agent.Bench.Peers;
using Agent.Dns.Wire;
using Agent.Tests.Dns.Records;

namespace Agent.Tests.Scenarios;

/// <summary>Everything that a master can do wrong in an AXFR: what it is called, words of the reason that is due, and the script.</summary>
internal sealed record BrokenTransfer(string Name, string Reason, Func<MasterQuery, ScriptedZone, IEnumerable<MasterStep>> Script)
{
    /// <summary>Bounds that make silence, slowness and size visible soon.</summary>
    public const string Settings = """
        transfer {
          idle-timeout = 700ms
          total-timeout = 2s
          minimum-rate = 1KiB
          max-records = 2000
          max-bytes = 256KiB
          retry-minimum = 100ms
          retry-maximum = 200ms
        }
        """;

    private const ushort TypeTxt = 16;
    private const ushort ClassChaos = 3;

    /// <summary>One malformed record of each kind that has a defined shape, inside a zone that is good otherwise.</summary>
    public static IReadOnlyList<BrokenTransfer> Malformed { get; } =
    [
        .. MalformedRdata.All.Where(item => item.Type != RecordType.SOA)
            .Select(item => Record($"{item.Type}: {item.What}", "malformed: m.", "m.", (ushort)item.Type, item.Rdata)),
    ];

    public static IReadOnlyList<BrokenTransfer> All { get; } = [.. Streams(), .. Headers(), .. Zones(), .. Records(), .. Floods()];

    private static IEnumerable<BrokenTransfer> Streams()
    {
        yield return new("closed without a word", "closed the connection", (_, _) => [new MasterStep.Close()]);
        yield return new("reset without a word", "closed the connection", (_, _) => [new MasterStep.Reset()]);
        yield return new("closed between messages", "ended", (q, z) => [Send(First(q, z)), new MasterStep.Close()]);
        yield return new("reset between messages", "ended", (q, z) => [Send(First(q, z)), new MasterStep.Reset()]);
        yield return new("closed inside a message", "", (q, z) => [Octets(DnsSender.Frame(Whole(q, z))[..^9]), new MasterStep.Close()]);
        yield return new("closed inside a length", "", (_, _) => [Octets([1]), new MasterStep.Close()]);
        yield return new("silent from the start", "nothing came", (_, _) => [new MasterStep.Stall()]);
        yield return new("silent between messages", "nothing came", (q, z) => [Send(First(q, z)), new MasterStep.Stall()]);
        yield return new("silent inside a message", "nothing came",
            (q, z) => [Octets(DnsSender.Frame(Whole(q, z))[..^9]), new MasterStep.Stall()]);
        // On a busy machine a pause of ours may last beyond the idle time, which is then the reason.
        yield return new("one octet at a time", "transfer-timeout",
            (q, z) => [new MasterStep.Drip(DnsSender.Frame(Whole(q, z)), 1, TimeSpan.FromMilliseconds(100))]);
        yield return new("empty message", "malformed", (_, _) => [Octets([0, 0])]);
        yield return new("eleven octets", "malformed", (q, z) => [Send(Whole(q, z)[..11])]);
        yield return new("random octets", "", (_, _) => [Octets(Noise())]);
        yield return new("message cut inside a record", "malformed", (q, z) => [Send(Whole(q, z)[..^3])]);
        yield return new("octets after the last record", "follow", (q, z) => [Send([.. Whole(q, z), 0, 0, 0])]);
    }

    private static IEnumerable<BrokenTransfer> Headers()
    {
        yield return new("a question instead of an answer", "not a response", (q, z) => [Send(WithFlags(Whole(q, z), 0x0400))]);
        yield return new("wrong id", "another id", (q, z) => [Send(With(Whole(q, z), 0, (ushort)(q.Id + 1)))]);
        yield return new("wrong id in the second message", "another id",
            (q, z) => [Send(First(q, z)), Send(With(Last(q, z), 0, (ushort)(q.Id + 1)))]);
        yield return new("wrong opcode", "another opcode", (q, z) => [Send(WithFlags(Whole(q, z), 0xA400))]);
        yield return new("marked as truncated", "truncated", (q, z) => [Send(WithFlags(Whole(q, z), 0x8600))]);
        yield return new("no question", "no question", (q, z) => [Send(WithoutQuestion(q, Whole(q, z)))]);
        yield return new("two questions", "too many", (q, z) => [Send(WithQuestionTwice(q, Whole(q, z)))]);
        yield return new("question of another zone", "another question",
            (q, z) => [Send(WithQuestion(q, [.. DnsTestMessage.EncodeName("other.example"), 0, 252, 0, 1], Records(z)))]);
        yield return new("question of another type", "another question",
            (q, z) => [Send(WithQuestion(q, [.. q.Name, 0, 6, 0, 1], Records(z)))]);
        yield return new("question of another class", "another question",
            (q, z) => [Send(WithQuestion(q, [.. q.Name, 0, 252, 0, 3], Records(z)))]);
        yield return new("records in the authority section", "authority",
            (q, z) => [Send(With(With(Whole(q, z), 6, (ushort)(Records(z).Count - 1)), 8, 1))]);
        yield return new("refused", "REFUSED", (q, _) => [Send(ScriptedZone.Response(q, 5))]);
        yield return new("not authoritative", "NOTAUTH", (q, _) => [Send(ScriptedZone.Response(q, 9))]);
        yield return new("server failure", "SERVFAIL", (q, _) => [Send(ScriptedZone.Response(q, 2))]);
        yield return new("not implemented", "NOTIMP", (q, _) => [Send(ScriptedZone.Response(q, 4))]);
        yield return new("failure in the middle", "SERVFAIL", (q, z) => [Send(First(q, z)), Send(ScriptedZone.Response(q, 2))]);
        yield return new("no records", "without records", (q, _) => [Send(ScriptedZone.Response(q, 0))]);
        yield return new("more records announced than there are", "malformed", (q, z) => [Send(With(Whole(q, z), 6, 0xFFFF))]);
        yield return new("fewer records announced than there are", "follow",
            (q, z) => [Send(With(Whole(q, z), 6, (ushort)(Records(z).Count - 1)))]);
    }

    private static IEnumerable<BrokenTransfer> Zones()
    {
        yield return new("no SOA at the start", "first record", (q, z) => [Answer(q, z.Body)]);
        yield return new("no SOA at the end", "nothing came", (q, z) => [Answer(q, [z.Soa, .. z.Body])]);
        yield return new("the zone of somebody else", "SOA", (q, z) => [Answer(q, Records(new ScriptedZone("other.example.", z.Serial)))]);
        yield return new("a SOA below the apex", "SOA",
            (q, z) => [Answer(q, [z.Soa, new ScriptedZone("inner." + z.Name, z.Serial).Soa, .. z.Body, z.Soa])]);
        yield return new("closing SOA with another serial", "serial",
            (q, z) => [Answer(q, [z.Soa, .. z.Body, new ScriptedZone(z.Name, z.Serial + 1).Soa])]);
        yield return new("closing SOA with other numbers", "SOA", (q, z) => [Answer(q, [z.Soa, .. z.Body, Changed(z.Soa, ^1)])]);
        yield return new("opening SOA of another class", "class", (q, z) => [Answer(q, [Changed(z.Soa, TtlAt(z) - 4), .. z.Body, z.Soa])]);
        yield return new("closing SOA of another class", "class", (q, z) => [Answer(q, [z.Soa, .. z.Body, Changed(z.Soa, TtlAt(z) - 4)])]);
        yield return new("100 records, then silence", "nothing came",
            (q, z) => [Answer(q, new ScriptedZone(z.Name, z.Serial, 98).Body.Prepend(z.Soa))]);
        yield return new("SOA with short RDATA", "malformed",
            (q, z) => [Answer(q, [DnsTestMessage.Record(z.Name, DnsTestMessage.TypeSoa, 1, [0, 0, 1]), .. z.Body, z.Soa])]);
        yield return new("records after the closing SOA", "follow", (q, z) => [Answer(q, [.. Records(z), z.Body.First()])]);
    }

    private static IEnumerable<BrokenTransfer> Records()
    {
        yield return Inside("a name that points at itself", "malformed", at => [0xC0, (byte)at], 0);
        yield return Inside("two names that point at each other", "malformed", at => [0xC0, (byte)(at + 2), 0xC0, (byte)at], 0);
        yield return Inside("a name that points forward", "malformed", _ => [0xFF, 0xFF], 0);
        yield return Inside("a label of an unknown kind", "malformed", _ => [0x41, 1, 0], 0);
        yield return Inside("a name of more than 255 octets", "malformed", _ => LongName(), 0);
        yield return Inside("NS that points at itself", "malformed",
            at => [1, (byte)'n', 0xC0, 12, 0, 2, 0, 1, 0, 0, 0, 9, 0, 2, 0xC0, (byte)(at + 14)], null);
        yield return Inside("RDATA longer than the message", "malformed",
            _ => [1, (byte)'a', 0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0xFF, 0xFF], null);
        yield return Record("address of three octets", "malformed", "a.", 1, [192, 0, 2]);
        yield return Record("NS with octets behind the name", "malformed", "", 2, [0, 0]);
        yield return Record("record of class CH", "class", "c.", TypeTxt, [1, 65], ClassChaos);
        yield return Record("OPT in the zone", "type", "", DnsTestMessage.TypeOpt, []);
        yield return Record("a question type in the zone", "type", "q.", 255, []);
        yield return Record("TSIG in the zone", "type", "k.", 250, new byte[16]);
    }

    private static IEnumerable<BrokenTransfer> Floods()
    {
        yield return new("more records than allowed", "records",
            (q, z) => new ScriptedZone(z.Name, z.Serial, 5000).TransferMessages(q).Select(Send));
        yield return new("more octets than allowed", "bytes",
            (q, z) => Begin(q, z).Concat(Enumerable.Repeat(Answer(q, Large(z)), 50)).Append(Answer(q, [z.Soa])));
        yield return new("endless records", "records", (q, z) => Begin(q, z).Concat(Endless(Answer(q, z.Body))));
        yield return new("endless records of other zones", "records",
            (q, z) => Begin(q, z).Concat(Endless(Answer(q, new ScriptedZone("other.example.", 1, 50).Body))));
        yield return new("endless SOAs of other zones", "records",
            (q, z) => Begin(q, z).Concat(Endless(Answer(q, Enumerable.Repeat(new ScriptedZone("other.example.", 1).Soa, 50)))));
        yield return new("endless messages without records", "without records",
            (q, z) => Begin(q, z).Concat(Endless(Send(ScriptedZone.Response(q, 0)))));
        yield return new("endless octets of nothing", "malformed", (_, _) => Endless(Octets(new byte[4096])));
        yield return new("zone over and over without an end", "serial",
            (q, z) => Endless(Answer(q, [z.Soa, .. z.Body, new ScriptedZone(z.Name, z.Serial + 1).Soa])));
    }

    private static BrokenTransfer Record(
        string name, string reason, string owner, ushort type, byte[] rdata, ushort recordClass = DnsTestMessage.ClassIn) => new(
        name, reason,
        (q, z) => [Answer(q, [z.Soa, DnsTestMessage.Record(owner + z.Name, type, 300, rdata, recordClass), .. z.Body, z.Soa])]);

    /// <summary>A record whose octets depend on where it stands; as an owner it gets the rest of an address record.</summary>
    private static BrokenTransfer Inside(string name, string reason, Func<int, byte[]> octetsAt, int? addressRest) => new(
        name, reason, (q, z) =>
        {
            byte[] octets = octetsAt(12 + q.Question.Length + z.Soa.Length);
            byte[] record = addressRest is null ? octets : [.. octets, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 192, 0, 2, 1];
            return [Answer(q, [z.Soa, record, .. z.Body, z.Soa])];
        });

    private static List<byte[]> Records(ScriptedZone zone) => [zone.Soa, .. zone.Body, zone.Soa];

    private static byte[] Whole(MasterQuery query, ScriptedZone zone) => ScriptedZone.Response(query, 0, Records(zone));

    private static byte[] First(MasterQuery query, ScriptedZone zone) => ScriptedZone.Response(query, 0, [zone.Soa, .. zone.Body]);

    private static byte[] Last(MasterQuery query, ScriptedZone zone) => ScriptedZone.Response(query, 0, zone.Soa);

    private static IEnumerable<MasterStep> Begin(MasterQuery query, ScriptedZone zone) => [Send(First(query, zone))];

    private static IEnumerable<byte[]> Large(ScriptedZone zone) =>
        Enumerable.Range(0, 40).Select(i => DnsTestMessage.Record($"t{i}.{zone.Name}", TypeTxt, 300, [255, .. new byte[255]]));

    private static IEnumerable<MasterStep> Endless(MasterStep step)
    {
        while (true)
            yield return step;
    }

    private static MasterStep.Send Send(byte[] message) => new(message);

    private static MasterStep.SendOctets Octets(byte[] octets) => new(octets);

    private static MasterStep.Send Answer(MasterQuery query, IEnumerable<byte[]> records) =>
        new(ScriptedZone.Response(query, 0, records));

    private static byte[] With(byte[] message, int offset, ushort value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(offset), value);
        return message;
    }

    private static byte[] WithFlags(byte[] message, ushort flags) => With(message, 2, flags);

    private static byte[] WithoutQuestion(MasterQuery query, byte[] message) =>
        With([.. message[..12], .. message[(12 + query.Question.Length)..]], 4, 0);

    private static byte[] WithQuestionTwice(MasterQuery query, byte[] message) =>
        With([.. message[..12], .. query.Question, .. message[12..]], 4, 2);

    private static byte[] WithQuestion(MasterQuery query, byte[] question, IEnumerable<byte[]> records)
    {
        byte[] message = ScriptedZone.Response(query, 0, records);
        return [.. message[..12], .. question, .. message[(12 + query.Question.Length)..]];
    }

    private static byte[] Changed(byte[] record, Index index)
    {
        record[index]++;
        return record;
    }

    /// <summary>Where the last octet of the SOA's TTL stands; its class ends four octets before.</summary>
    private static int TtlAt(ScriptedZone zone) => DnsTestMessage.EncodeName(zone.Name).Length + 7;

    private static byte[] LongName() => [.. Enumerable.Range(0, 5).SelectMany(_ => new byte[] { 63 }.Concat(new byte[63])), 0];

    private static byte[] Noise()
    {
        byte[] octets = new byte[70_000];
        new Random(7).NextBytes(octets);
        return octets;
    }
}
