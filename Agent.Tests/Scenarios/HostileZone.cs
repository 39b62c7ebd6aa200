using System.Buffers.Binary;
using System.Text;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>A zone of any name, with owners and texts that are as hostile as names can be.</summary>
internal sealed class HostileZone(byte[] apex)
{
    private const ushort TypeA = 1;
    private const ushort TypeNs = 2;
    private const ushort TypeTxt = 16;
    private const int NameBytesMax = 255;

    /// <summary>Octets that end lines, strings, statements and files, or begin directives.</summary>
    public static readonly string[] Labels =
    [
        "\"", "'", ";", "\\", "$INCLUDE /etc/passwd", "$TTL", "(", ")", "@", "\n", "\r\n. IN NS evil.", "\0", "\u001B[2J", " ", "\t",
        "\u00FF\u0080", ".", "..", "}", "a\\\"b", "; comment", "_x", "/",
    ];

    private static readonly byte[] Outside = DnsTestMessage.EncodeName("ns.outside.test.");

    public uint Serial { get; set; } = 1;

    public byte[] Apex { get; } = apex;

    /// <summary>Owners below the apex, as far as there is room.</summary>
    public IEnumerable<byte[]> Owners => Labels.Select(label => (byte[])[(byte)label.Length, .. Encoding.Latin1.GetBytes(label), .. Apex])
        .Where(owner => owner.Length <= NameBytesMax);

    public IEnumerable<byte[]> Records
    {
        get
        {
            yield return Soa;
            yield return Record(Apex, TypeNs, Outside);
            byte[] text = Encoding.Latin1.GetBytes(string.Concat(Labels));
            yield return Record(Apex, TypeTxt, [(byte)text.Length, .. text, 0]);
            foreach ((int index, byte[] owner) in Owners.Index())
                yield return Record(owner, TypeA, [192, 0, 2, (byte)index]);
        }
    }

    private byte[] Soa
    {
        get
        {
            byte[] numbers = new byte[20];
            BinaryPrimitives.WriteUInt32BigEndian(numbers, Serial);
            numbers[6] = 14;
            numbers[10] = 2;
            numbers[13] = 9;
            numbers[18] = 1;
            return Record(Apex, DnsTestMessage.TypeSoa, [.. Outside, .. Outside, .. numbers]);
        }
    }

    public IEnumerable<MasterStep> Answer(MasterQuery query) =>
        query is { Type: DnsTestMessage.TypeAxfr or DnsTestMessage.TypeIxfr, IsTcp: true }
        ? [new MasterStep.Send(ScriptedZone.Response(query, 0, [.. Records, Soa]))]
        : [new MasterStep.Send(ScriptedZone.Response(query, 0, Soa))];

    private static byte[] Record(byte[] owner, ushort type, byte[] rdata) =>
        [.. owner, 0, (byte)type, 0, 1, 0, 0, 1, 44, (byte)(rdata.Length >> 8), (byte)rdata.Length, .. rdata];
}
