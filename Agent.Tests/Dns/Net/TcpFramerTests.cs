using Agent.Dns.Net;

namespace Agent.Tests.Dns.Net;

public sealed class TcpFramerTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(1000)]
    [InlineData(int.MaxValue)]
    public void Messages_come_out_whole_however_the_stream_is_cut(int piece)
    {
        int[] lengths = [0, 1, 12, 2046, 2047, 5000, 65535, 17];
        byte[] stream = [.. lengths.SelectMany((length, index) => Frame(length, (byte)index))];
        using var framer = new TcpFramer();
        var seen = new List<int>();
        int offset = 0;
        while (offset < stream.Length)
        {
            Memory<byte> room = framer.ReceiveBuffer;
            int count = Math.Min(Math.Min(piece, room.Length), stream.Length - offset);
            Assert.True(count > 0);
            stream.AsMemory(offset, count).CopyTo(room);
            framer.Advance(count);
            offset += count;
            while (framer.TryRead(out ReadOnlyMemory<byte> message))
            {
                Assert.True(message.Span.IndexOfAnyExcept((byte)seen.Count) < 0);
                seen.Add(message.Length);
            }
        }
        Assert.Equal(lengths, seen);
        Assert.False(framer.IsInsideMessage);
    }

    [Fact]
    public void An_announced_length_takes_no_memory_until_octets_come()
    {
        using var framer = new TcpFramer();
        Frame(65535, 0).AsSpan(0, 2).CopyTo(framer.ReceiveBuffer.Span);
        framer.Advance(2);
        Assert.False(framer.TryRead(out _));
        Assert.True(framer.IsInsideMessage);
        Assert.True(framer.ReceiveBuffer.Length < 4096);
    }

    [Fact]
    public void A_message_beyond_the_limit_breaks_the_stream()
    {
        using var framer = new TcpFramer(512);
        Frame(513, 0).AsSpan(0, 2).CopyTo(framer.ReceiveBuffer.Span);
        framer.Advance(2);
        Assert.False(framer.TryRead(out _));
        Assert.True(framer.IsBroken);
    }

    private static byte[] Frame(int length, byte fill)
    {
        byte[] frame = new byte[length + 2];
        frame.AsSpan(2).Fill(fill);
        TcpFramer.Seal(frame, length);
        return frame;
    }
}
