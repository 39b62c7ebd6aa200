using Agent.Dns.Wire;

namespace Agent.Tests.Dns.Wire;

public class NameReaderTests
{
    private static readonly byte[] Header = new byte[MessageHeader.Size];

    [Theory]
    [InlineData("0161 00", 12, "a.", 15)]
    [InlineData("0161 00 0162 c00c", 15, "b.a.", 19)]
    [InlineData("0161 00 0162 c00c c00f", 19, "b.a.", 21)]
    public void PointersBackwardsAreFollowed(string hex, int start, string expected, int end)
    {
        byte[] message = [.. Header, .. Convert.FromHexString(hex.Replace(" ", ""))];
        var wire = new byte[255];
        var offset = start;
        Assert.Equal(WireError.None, NameReader.Read(message, ref offset, wire, out var length));
        Assert.Equal(expected, new string(TextOf(wire.AsSpan(0, length))));
        Assert.Equal(end, offset);
        offset = start;
        Assert.Equal(WireError.None, NameReader.Skip(message, ref offset));
        Assert.Equal(end, offset);
    }

    [Theory]
    [InlineData("c00c", WireError.BadPointer)] // to itself
    [InlineData("0161 c00c", WireError.BadPointer)] // to its own start: would repeat for ever
    [InlineData("c00e 00", WireError.BadPointer)] // forwards
    [InlineData("c000", WireError.BadPointer)] // into the header
    [InlineData("0161", WireError.Truncated)]
    [InlineData("05616263", WireError.Truncated)]
    [InlineData("c0", WireError.Truncated)]
    [InlineData("", WireError.Truncated)]
    [InlineData("40", WireError.BadLabelType)]
    [InlineData("bf", WireError.BadLabelType)]
    public void BadNamesAreNamed(string hex, WireError expected)
    {
        byte[] message = [.. Header, .. Convert.FromHexString(hex.Replace(" ", ""))];
        var offset = 12;
        Assert.Equal(expected, NameReader.Read(message, ref offset, new byte[255], out _));
        Assert.Equal(12, offset);
    }

    [Fact]
    public void ChainsOfPointersCannotPass255Bytes()
    {
        // Label, pointer to the one before, and so on: each name is one label longer than the last.
        List<byte> message = [.. Header, 1, (byte)'a', 0];
        var starts = new List<int> { 12 };
        for (var i = 0; i < 200; i++)
        {
            var previous = starts[^1];
            starts.Add(message.Count);
            message.AddRange([1, (byte)'a', (byte)(0xC0 | (previous >> 8)), (byte)previous]);
        }

        var bytes = message.ToArray();
        for (var i = 0; i < starts.Count; i++)
        {
            var offset = starts[i];
            var error = NameReader.Read(bytes, ref offset, new byte[255], out var length);
            Assert.Equal(i < 127 ? WireError.None : WireError.NameTooLong, error);
            if (i < 127) Assert.Equal((2 * (i + 1)) + 1, length);
        }
    }

    [Fact]
    public void ASmallBufferIsReportedNotOverrun()
    {
        byte[] message = [.. Header, 3, 97, 98, 99, 0];
        var offset = 12;
        Assert.Equal(WireError.BufferTooSmall, NameReader.Read(message, ref offset, new byte[4], out _));
    }

    private static char[] TextOf(ReadOnlySpan<byte> wire)
    {
        Assert.True(DomainName.TryFromWire(wire, out var name));
        return name.ToString().ToCharArray();
    }
}
