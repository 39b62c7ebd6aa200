namespace Agent.Dns.Zones;

/// <summary>An array that grows by doubling; what is appended is addressed by offset.</summary>
internal sealed class ByteArena
{
    private byte[] _bytes = new byte[1024];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Slice(int offset, int length) => _bytes.AsSpan(offset, length);

    public bool HasRoom(int length) => length <= Array.MaxLength - Length;

    public int Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Reserve(bytes.Length));
        return Length - bytes.Length;
    }

    public void AppendLength(int length)
    {
        Span<byte> space = Reserve(2);
        space[0] = (byte)(length >> 8);
        space[1] = (byte)length;
    }

    public byte[] ToArray() => _bytes.AsSpan(0, Length).ToArray();

    private Span<byte> Reserve(int length)
    {
        if (_bytes.Length - Length < length)
            Array.Resize(ref _bytes, (int)Math.Min(Array.MaxLength, Math.Max(_bytes.Length * 2L, (long)Length + length)));
        Length += length;
        return _bytes.AsSpan(Length - length, length);
    }
}
