using System.Buffers.Binary;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Tests.Dns.Zones;

/// <summary>
/// What a zone's records pass through. The shared pool keeps an array of each size for every thread that gave one back, so a buffer of
/// 256 KiB was memory for each thread there ever was.
/// </summary>
public sealed class RecordRoomTests
{
    private static readonly DomainName Host = DomainName.Parse("host.example.org.");

    [Theory]
    [InlineData(10, 4 * 1024)]
    [InlineData(5_000, 64 * 1024)]
    public void Building_and_reading_take_no_larger_buffers_than_the_zone_needs(int records, int largestOctets)
    {
        using RentedBuffers rented = new();
        using MemoryStream built = Build(Enumerable.Repeat(4, records));
        using RecordStream stream = new(new MemoryStream(built.ToArray()));
        int read = 0;
        while (stream.TryRead(out _)) read++;
        Assert.Equal(records + 1, read);
        Assert.Equal(largestOctets, rented.LargestOctets);
    }

    [Fact]
    public void Records_of_all_sizes_pass_the_buffers_whole()
    {
        Random random = new(5);
        int[] sizes = [.. Enumerable.Range(0, 60).Select(_ => random.Next(6) switch
        {
            0 => random.Next(60_000, ushort.MaxValue + 1),
            1 => random.Next(3_900, 4_200),
            _ => random.Next(1, 2_000),
        })];
        byte[] built = Build(sizes).ToArray();
        using RecordStream memory = new((ReadOnlyMemory<byte>)built);
        using RecordStream whole = new(new MemoryStream(built));
        using RecordStream inPieces = new(new PiecesStream(built, random));
        int count = 0;
        for (; memory.TryRead(out StoredRecord expected); count++)
        {
            Assert.True(whole.TryRead(out StoredRecord first) && expected.Whole.SequenceEqual(first.Whole));
            Assert.True(inPieces.TryRead(out StoredRecord second) && expected.Whole.SequenceEqual(second.Whole));
            if (count > 0) Assert.Equal(sizes[count - 1], expected.Rdata.Length);
            if (count > 0) Assert.Equal((byte)count, expected.Rdata[^1]);
        }

        Assert.Equal(sizes.Length + 1, count);
        Assert.False(whole.TryRead(out _) || inPieces.TryRead(out _));
        Assert.Equal((built.Length, built.Length), (whole.Position, inPieces.Position));
    }

    /// <summary>A zone with a record of each of these sizes, whose data end with their place in it.</summary>
    private static MemoryStream Build(IEnumerable<int> sizes)
    {
        MemoryStream sink = new();
        using ZoneContentBuilder builder = new(sink, ZoneContentLimits.None);
        byte[] soa = [0, 0, .. new byte[20]];
        BinaryPrimitives.WriteUInt32BigEndian(soa.AsSpan(2), 1);
        Assert.True(builder.TryAppend(DomainName.Parse("example.org.").Wire, RecordType.SOA, RecordClass.IN, 1, soa));
        byte place = 0;
        foreach (int size in sizes)
        {
            byte[] data = new byte[size];
            data[^1] = ++place;
            Assert.True(builder.TryAppend(Host.Wire, (RecordType)65400, RecordClass.IN, 1, data), builder.Error.Text());
        }

        Assert.True(builder.TryComplete(out ZoneFacts? facts));
        Assert.Equal(ContentHash.Of(sink.ToArray()), facts.Hash);
        return sink;
    }

    private sealed class PiecesStream(byte[] bytes, Random random) : MemoryStream(bytes)
    {
        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(buffer.Length, random.Next(1, 20_000))]);
    }
}
