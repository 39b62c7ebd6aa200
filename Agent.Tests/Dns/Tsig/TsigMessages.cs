using Agent.Dns.Tsig;
using Agent.Dns.Wire;

namespace Agent.Tests.Dns.Tsig;

/// <summary>Messages and keys that the tests of signatures share.</summary>
internal static class TsigMessages
{
    public const ulong Now = 1_700_000_000;

    public static readonly TsigAlgorithm[] Algorithms = Enum.GetValues<TsigAlgorithm>();

    public static TsigKey Key(
        TsigAlgorithm algorithm = TsigAlgorithm.HmacSha256, string name = "Transfer.Example.", int? minimumMac = null) =>
        new(DomainName.Parse(name), algorithm, "a secret of some length"u8, minimumMac);

    /// <summary>A query for a zone, in a buffer with room for a signature.</summary>
    public static (byte[] Buffer, int Length) Query(ushort id = 4711, RecordType type = RecordType.AXFR)
    {
        var buffer = new byte[2048];
        var writer = new MessageWriter(buffer, id);
        Assert.True(writer.TryWriteQuestion(DomainName.Parse("example."), type));
        return (buffer, writer.Length);
    }

    public static (byte[] Message, byte[] Mac) SignedQuery(TsigKey key, ulong time = Now, RecordType type = RecordType.AXFR)
    {
        var (buffer, length) = Query(type: type);
        var mac = new byte[TsigAlgorithms.MaximumMacLength];
        Assert.True(TsigSigner.TrySignRequest(buffer, ref length, key, time, mac, out var macLength));
        return (buffer[..length], mac[..macLength]);
    }

    /// <summary>One message of a transfer, told apart by its text.</summary>
    public static (byte[] Buffer, int Length) Part(int number)
    {
        var buffer = new byte[2048];
        var writer = new MessageWriter(buffer, 4711, MessageHeader.ResponseFlag);
        Assert.True(writer.TryWriteRecord(MessageSection.Answer, "\u0001a\0"u8, RecordType.TXT, RecordClass.IN, 1, [1, (byte)number]));
        return (buffer, writer.Length);
    }
}
