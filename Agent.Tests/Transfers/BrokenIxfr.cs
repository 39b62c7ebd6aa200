using System.Buffers.Binary;
using Agent.Bench.Peers;

namespace Agent.Tests.Transfers;

/// <summary>
/// Everything that a master can do wrong in an IXFR: what it is called, words of the reason that is due, and the answer. The agent holds
/// serial 1 with host0 to host2; the master has serial 2, in which host3 is new.
/// </summary>
internal sealed record BrokenIxfr(string Name, string Reason, Func<MasterQuery, IEnumerable<MasterStep>> Answer)
{
    public const string Zone = "broken-ixfr.example.";

    private const ushort TypeA = 1;
    private const ushort ClassChaos = 3;

    public static readonly ScriptedZone Held = new(Zone, 1, hosts: 3);

    public static readonly ScriptedZone Current = new(Zone, 2, hosts: 4);

    private static readonly byte[] Host2 = Host("host2", [192, 0, 2, 3]);
    private static readonly byte[] Host3 = Host("host3", [192, 0, 2, 4]);

    public static IReadOnlyList<BrokenIxfr> All { get; } = [.. Chains(), .. Contents(), .. Streams(), .. Codes()];

    /// <summary>The one right answer.</summary>
    public static IEnumerable<byte[]> Right => [Soa(2), Soa(1), Soa(2), Host3, Soa(2)];

    /// <summary>A SOA of the zone with this serial; a lie differs in its last timer.</summary>
    public static byte[] Soa(uint serial, bool isLie = false)
    {
        byte[] record = new ScriptedZone(Zone, serial).Soa;
        record[^1] += (byte)(isLie ? 1 : 0);
        return record;
    }

    public static byte[] Host(string name, byte[] address, uint ttl = 300) =>
        DnsTestMessage.Record($"{name}.{Zone}", TypeA, ttl, address);

    private static IEnumerable<BrokenIxfr> Chains()
    {
        yield return new("starts from another serial", "serial before", q => Send(q, Soa(2), Soa(9), Soa(2), Host3, Soa(2)));
        yield return new("step from our serial to an older one", "newer serial",
            q => Send(q, Soa(2), Soa(1), Soa(0), Host3, Soa(0), Soa(2), Soa(2)));
        yield return new("step from our serial to itself", "newer serial", q => Send(q, Soa(2), Soa(1), Soa(1), Host3, Soa(2)));
        yield return new("step beyond the final serial", "newer serial", q => Send(q, Soa(2), Soa(1), Soa(3), Host3, Soa(3), Soa(2)));
        yield return new("gap between two steps", "serial before",
            q => Send(q, Soa(4), Soa(1), Soa(2), Host3, Soa(3), Soa(4), Soa(4)));
        yield return new("ends at another serial than it began with", "serial before",
            q => Send(q, Soa(2), Soa(1), Soa(2), Host3, Soa(5)));
        yield return new("SOA that a step adds is another one than the zone's", "serial before",
            q => Send(q, Soa(2), Soa(1), Soa(2, isLie: true), Host3, Soa(2)));
        yield return new("SOA that closes is another one than the first", "serial before",
            q => Send(q, Soa(2), Soa(1), Soa(2), Host3, Soa(2, isLie: true)));
        yield return new("SOA to delete has our serial but is another one", "not there",
            q => Send(q, Soa(2), Soa(1, isLie: true), Soa(2), Host3, Soa(2)));
        yield return new("records after the end", "follow", q => Send(q, [.. Right, Host2]));
        yield return new("the whole answer twice", "follow", q => Send(q, [.. Right, .. Right]));
    }

    private static IEnumerable<BrokenIxfr> Contents()
    {
        yield return new("deletes what is absent", "not there",
            q => Send(q, Soa(2), Soa(1), Host("nobody", [1, 1, 1, 1]), Soa(2), Host3, Soa(2)));
        yield return new("deletes another address of a host", "not there",
            q => Send(q, Soa(2), Soa(1), Host("host2", [1, 1, 1, 1]), Soa(2), Host3, Soa(2)));
        yield return new("adds what is present", "there already", q => Send(q, Soa(2), Soa(1), Soa(2), Host2, Host3, Soa(2)));
        yield return new("adds the same record twice", "there already", q => Send(q, Soa(2), Soa(1), Soa(2), Host3, Host3, Soa(2)));
        yield return new("deletes the same record twice", "not there",
            q => Send(q, Soa(2), Soa(1), Host2, Host2, Soa(2), Host2, Host3, Soa(2)));
        yield return new("a later step deletes what an earlier one deleted", "not there",
            q => Send(q, Soa(3), Soa(1), Host2, Soa(2), Soa(2), Host2, Soa(3), Soa(3)));
        yield return new("malformed record", "malformed: host3", q => Send(q, Soa(2), Soa(1), Soa(2), Host("host3", [1, 2]), Soa(2)));
        yield return new("record of another class", "class",
            q => Send(q, Soa(2), Soa(1), Soa(2), DnsTestMessage.Record($"c.{Zone}", 16, 300, [1, 65], ClassChaos), Soa(2)));
        yield return new("SOA below the apex", "SOA",
            q => Send(q, Soa(2), Soa(1), new ScriptedZone("inner." + Zone, 2).Soa, Soa(2), Host3, Soa(2)));
        yield return new("larger than the zone", "larger than the limit",
            q => [.. Send(q, Soa(2), Soa(1), Soa(2)), .. Many(q, 300), .. Send(q, Soa(2))]);
    }

    private static IEnumerable<BrokenIxfr> Streams()
    {
        yield return new("closed without a word", "closed the connection", _ => [new MasterStep.Close()]);
        yield return new("no end, then closed", "ended after", q => [.. Send(q, Soa(2), Soa(1), Soa(2), Host3), new MasterStep.Close()]);
        yield return new("no end, then reset", "ended after", q => [.. Send(q, Soa(2), Soa(1), Soa(2), Host3), new MasterStep.Reset()]);
        yield return new("100 records, then silence", "nothing came",
            q => [.. Send(q, Soa(2), Soa(1), Soa(2)), .. Many(q, 100), new MasterStep.Stall()]);
        yield return new("a newer SOA, then silence", "nothing came", q => [.. Send(q, Soa(2)), new MasterStep.Stall()]);
        yield return new("silence", "nothing came", _ => [new MasterStep.Stall()]);
        yield return new("cut inside a record", "malformed", q => [new MasterStep.Send(ScriptedZone.Response(q, 0, Right)[..^3])]);
        yield return new("octets after the last record", "follow",
            q => [new MasterStep.Send([.. ScriptedZone.Response(q, 0, Right), 0, 0])]);
        yield return new("another id", "another id",
            q => [new MasterStep.Send(With(ScriptedZone.Response(q, 0, Right), 0, (ushort)(q.Id + 1)))]);
        yield return new("failure in the middle", "SERVFAIL",
            q => [.. Send(q, Soa(2), Soa(1), Soa(2), Host3), new MasterStep.Send(ScriptedZone.Response(q, 2))]);
        yield return new("no records", "without records", q => [new MasterStep.Send(ScriptedZone.Response(q, 0))]);
    }

    private static IEnumerable<BrokenIxfr> Codes()
    {
        yield return new("not implemented", "NOTIMP", q => [new MasterStep.Send(ScriptedZone.Response(q, 4))]);
        yield return new("format error", "FORMERR", q => [new MasterStep.Send(ScriptedZone.Response(q, 1))]);
        yield return new("server failure", "SERVFAIL", q => [new MasterStep.Send(ScriptedZone.Response(q, 2))]);
        yield return new("refused", "REFUSED", q => [new MasterStep.Send(ScriptedZone.Response(q, 5))]);
    }

    private static IEnumerable<MasterStep> Many(MasterQuery query, int count) => Enumerable.Range(0, count)
        .Select(i => (MasterStep)new MasterStep.Send(ScriptedZone.Response(
            query, 0, DnsTestMessage.Record($"t{i}.{Zone}", 16, 300, [255, .. new byte[255]]))));

    private static MasterStep[] Send(MasterQuery query, params IEnumerable<byte[]> records) =>
        [new MasterStep.Send(ScriptedZone.Response(query, 0, records))];

    private static byte[] With(byte[] message, int offset, ushort value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(offset), value);
        return message;
    }
}
