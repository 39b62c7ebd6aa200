using Agent.Dns.Transfers;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using static Agent.Tests.Dns.Zones.RandomZones;

namespace Agent.Tests.Dns.Transfers;

public sealed class AxfrWriterTests
{
    [Theory]
    [InlineData(1, 16384, false)]
    [InlineData(2, 16384, true)]
    [InlineData(500, 600, false)]
    [InlineData(500, 65535, false)]
    [InlineData(3000, 16384, false)]
    [InlineData(300, 16384, true)]
    public void What_is_written_is_read_back_the_same(int count, int targetBytes, bool oneRecordPerMessage)
    {
        MemoryZoneContent content = Content(Zone(new Random(count), count, 9));
        var options = new AxfrWriterOptions(targetBytes, ReservedBytes: 100, oneRecordPerMessage);
        (MemoryZoneContent received, List<byte[]> messages) = Transfer(content, options);
        Assert.Equal(content.Facts, received.Facts);
        Assert.All(messages, message => Assert.InRange(message.Length, 12, 65535 - 100));
        if (oneRecordPerMessage)
            Assert.Equal(count + 1, messages.Count);
    }

    [Fact]
    public void Records_of_the_largest_size_take_a_message_each()
    {
        MemoryZoneContent content = Content(
        [
            SoaRecord(1),
            .. Enumerable.Range(0, 4)
                .Select(i => Record("big.example.org.", (RecordType)65400, Enumerable.Repeat((byte)i, 65000).ToArray())),
        ]);
        (MemoryZoneContent received, List<byte[]> messages) = Transfer(content, new AxfrWriterOptions());
        Assert.Equal(content.Hash, received.Hash);
        Assert.Equal(5, messages.Count);
    }

    [Theory]
    [InlineData(600)]
    [InlineData(65535)]
    public void Records_of_all_sizes_come_back_the_same_in_any_order(int targetBytes)
    {
        int[] sizes = [10, 1260, 1300, 2048, 5000, 65000, 12, 40000, 1, 64000, 2049];
        MemoryZoneContent content = Content(
        [
            SoaRecord(1),
            .. sizes.Select((size, i) => Record($"n{i}.example.org.", (RecordType)65400, Enumerable.Repeat((byte)i, size).ToArray())),
        ]);
        (MemoryZoneContent received, _) = Transfer(content, new AxfrWriterOptions(targetBytes));
        Assert.Equal(content.Hash, received.Hash);
    }

    [Fact]
    public void A_record_that_fits_no_message_ends_the_answer_with_an_error()
    {
        MemoryZoneContent content = Content(SoaRecord(1), Record("big.example.org.", (RecordType)65400, new byte[65535]));
        using var writer = new AxfrWriter(content, Request(Apex), new AxfrWriterOptions());
        var buffer = new byte[65535];
        Assert.True(writer.WriteNext(buffer) > 0);
        Assert.Equal(0, writer.WriteNext(buffer));
        Assert.Equal(ZoneContentError.RecordFitsNoMessage, writer.Error);
        Assert.False(writer.IsDone);
    }

    /// <summary>The record leaves 100 octets of the largest message to a signature, which goes before an OPT.</summary>
    [Theory]
    [InlineData(0, true)]
    [InlineData(100, true)]
    [InlineData(101, false)]
    public void A_record_that_fits_a_message_without_an_OPT_only_has_one_without(int signatureBytes, bool fits)
    {
        byte[] rdata = new byte[65535 - 12 - "big.example.org.".Length - 1 - 10 - 100];
        MemoryZoneContent content = Content(SoaRecord(1), Record("big.example.org.", (RecordType)65400, rdata));
        using var writer = new AxfrWriter(content, Request(Apex), new AxfrWriterOptions(ReservedBytes: signatureBytes));
        var buffer = new byte[65535];
        Assert.InRange(writer.WriteNext(buffer, optBytes: 123), 1, 600);
        Assert.Equal(fits ? 65535 - 100 : 0, writer.WriteNext(buffer, optBytes: 123));
        Assert.Equal(fits ? ZoneContentError.None : ZoneContentError.RecordFitsNoMessage, writer.Error);
    }

    [Fact]
    public void Names_are_compressed()
    {
        MemoryZoneContent content = Content(
        [
            SoaRecord(1), .. Enumerable.Range(0, 200).Select(i => Record($"host{i}.example.org.", RecordType.A, 192, 0, 2, (byte)i)),
        ]);
        (_, List<byte[]> messages) = Transfer(content, new AxfrWriterOptions());
        Assert.True(messages.Sum(message => (long)message.Length) < content.ByteCount - 200 * 10);
    }

    private static byte[] Request(DomainName zone)
    {
        var buffer = new byte[TransferQuery.BufferSize];
        return buffer[..TransferQuery.WriteAxfr(buffer, zone, TransferStreams.Id)];
    }

    private static (MemoryZoneContent Received, List<byte[]> Messages) Transfer(MemoryZoneContent content, AxfrWriterOptions options)
    {
        using var writer = new AxfrWriter(content, Request(content.Apex), options);
        using var builder = ZoneContentBuilder.InMemory(ZoneContentLimits.None);
        using var machine = new XfrMachine<ContentSink>(TransferStreams.Axfr, new ContentSink(builder));
        var buffer = new byte[65535];
        var messages = new List<byte[]>();
        XfrStatus status = XfrStatus.NeedMore;
        for (int length; (length = writer.WriteNext(buffer)) > 0;)
        {
            Assert.Equal(XfrStatus.NeedMore, status);
            messages.Add(buffer[..length]);
            status = machine.Step(messages[^1]);
        }
        Assert.Equal(ZoneContentError.None, writer.Error);
        Assert.True(writer.IsDone);
        Assert.Equal(content.RecordCount + 1, writer.RecordCount);
        Assert.Equal(XfrStatus.Complete, status);
        Assert.True(builder.TryBuild(out MemoryZoneContent? received));
        return (received, messages);
    }
}
