using System.Buffers.Binary;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>
/// What a master may do in an AXFR though few do, or does wrong in a way that leaves no doubt of what it means: how many records of it the
/// agent keeps. The plain zone has six; a record that comes twice is kept as it came, and served once.
/// </summary>
internal sealed record OddTransfer(string Name, int Records, Func<MasterQuery, ScriptedZone, IEnumerable<MasterStep>> Script)
{
    private const int Plain = 6;
    private const ushort TypeA = 1;
    private const int NoAuthority = 0x8000;

    public static IReadOnlyList<OddTransfer> All { get; } = [.. Messages(), .. Contents()];

    private static IEnumerable<OddTransfer> Messages()
    {
        yield return new("one record in each message", Plain, (q, z) => Whole(z).Select(record => Send(q, record)));
        yield return new("messages without records between others", Plain,
            (q, z) => [Send(q, z.Soa), Send(q), Send(q), Send(q, [.. z.Body, z.Soa])]);
        yield return new("no AA", Plain, (q, z) => [WithFlags(q, z, NoAuthority)]);
        yield return new("AA, RD, RA, AD and CD", Plain, (q, z) => [WithFlags(q, z, 0x85B0)]);
        yield return new("question in the first message only", Plain, (q, z) => [Send(q, z.Soa), WithoutQuestion(q, [.. z.Body, z.Soa])]);
        yield return new("records in the additional section", Plain, (q, z) =>
        {
            byte[] message = ScriptedZone.Response(q, 0, [.. Whole(z), Address("extra." + z.Name, 60, 7)]);
            BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(6), Plain + 1);
            BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(10), 1);
            return [new MasterStep.Send(message)];
        });
        yield return new("octets behind the last message", Plain, (q, z) => [Send(q, [.. Whole(z)]), new MasterStep.SendOctets([0, 9, 1])]);
        yield return new("the whole transfer twice", Plain, (q, z) => [Send(q, [.. Whole(z)]), Send(q, [.. Whole(z)])]);
    }

    private static IEnumerable<OddTransfer> Contents()
    {
        yield return new("a record twice", Plain + 1, (q, z) => [Send(q, [z.Soa, .. z.Body, z.Body.Last(), z.Soa])]);
        yield return new("an RRset with several TTLs", Plain + 3, (q, z) =>
            [Send(q, [z.Soa, .. z.Body, .. new[] { 60u, 600u, 6u }.Select((ttl, i) => Address("mixed." + z.Name, ttl, i)), z.Soa])]);
        yield return new("a record twice with two TTLs", Plain + 2, (q, z) =>
            [Send(q, [z.Soa, .. z.Body, Address("twice." + z.Name, 60, 1), Address("twice." + z.Name, 600, 1), z.Soa])]);
        yield return new("one name in two cases", Plain + 2, (q, z) =>
            [Send(q, [z.Soa, .. z.Body, Address("CaSe." + z.Name, 60, 1), Address("case." + z.Name, 60, 2), z.Soa])]);
        yield return new("closing SOA whose owner is in capitals", Plain,
            (q, z) => [Send(q, [z.Soa, .. z.Body, Capitals(z.Soa, DnsTestMessage.EncodeName(z.Name).Length)])]);
        yield return new("closing SOA with another TTL", Plain,
            (q, z) => [Send(q, [z.Soa, .. z.Body, [.. z.Soa.Select((octet, at) => at == TtlAt(z) ? (byte)1 : octet)]])]);
        yield return new("a record of another zone", Plain,
            (q, z) => [Send(q, [z.Soa, Address("www.other.example.", 60, 66), .. z.Body, z.Soa])]);
    }

    /// <summary>Where the last octet of the SOA's TTL stands.</summary>
    private static int TtlAt(ScriptedZone zone) => DnsTestMessage.EncodeName(zone.Name).Length + 7;

    private static IEnumerable<byte[]> Whole(ScriptedZone zone) => [zone.Soa, .. zone.Body, zone.Soa];

    private static byte[] Address(string name, uint ttl, int last) =>
        DnsTestMessage.Record(name, TypeA, ttl, [192, 0, 2, (byte)last]);

    private static MasterStep.Send Send(MasterQuery query, params byte[][] records) =>
        new(ScriptedZone.Response(query, 0, records));

    private static MasterStep.Send WithFlags(MasterQuery query, ScriptedZone zone, int flags)
    {
        byte[] message = ScriptedZone.Response(query, 0, Whole(zone));
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(2), (ushort)flags);
        return new(message);
    }

    private static MasterStep.Send WithoutQuestion(MasterQuery query, byte[][] records)
    {
        byte[] message = ScriptedZone.Response(query, 0, records);
        message[5] = 0;
        return new([.. message[..12], .. message[(12 + query.Question.Length)..]]);
    }

    private static byte[] Capitals(byte[] record, int nameOctets)
    {
        for (int i = 0; i < nameOctets; i++)
        {
            if (record[i] is >= (byte)'a' and <= (byte)'z') record[i] -= 32;
        }

        return record;
    }
}
