using System.Runtime.CompilerServices;

namespace Agent.Dns.Zones;

/// <summary>
/// Bytes in chunks of 1 MiB, addressed by chunk and place, so that growing never copies what is there and leaves nothing to collect.
/// A run that is longer than a chunk gets one of its own.
/// </summary>
/// <remarks>
/// A small arena is one chunk that doubles. Once an image is complete nothing is appended, and any number of threads read.
/// </remarks>
internal sealed class ByteArena
{
    private const int ChunkShift = 20;
    private const int ChunkSize = 1 << ChunkShift;
    private const int ChunkMask = ChunkSize - 1;
    private const int MaximumChunks = 1 << (31 - ChunkShift);
    private const int FirstSize = 256;

    private byte[][] _chunks;
    private int _count = 1;
    private int _used;
    private int _isContinued;

    public ByteArena() => _chunks = [new byte[FirstSize]];

    private ByteArena(ByteArena from, bool ownsEnd)
    {
        _chunks = [.. from._chunks.AsSpan(0, from._count)];
        _count = from._count;
        _used = ownsEnd ? from._used : ChunkSize;
    }

    /// <summary>The bytes that are allocated.</summary>
    public long Capacity => _chunks.Take(_count).Sum(chunk => chunk.LongLength);

    /// <summary>Whether one more run of any length finds an address.</summary>
    public bool HasRoom => _count < MaximumChunks;

    public ReadOnlySpan<byte> Slice(int address, int length) => _chunks[address >> ChunkShift].AsSpan(address & ChunkMask, length);

    /// <summary>What stands at an address and behind it in the same chunk, as far as a reader may have to go.</summary>
    public ReadOnlySpan<byte> From(int address) => _chunks[address >> ChunkShift].AsSpan(address & ChunkMask);

    /// <summary>
    /// An arena with what this one has, to which more is appended: behind the end, where none of this one's readers looks. Only the first
    /// that asks may use the room that the last chunk has left.
    /// </summary>
    public ByteArena Continue() => new(this, Interlocked.Exchange(ref _isContinued, 1) == 0);

    public int Append(ReadOnlySpan<byte> bytes) => Append(bytes, []);

    /// <summary>Appends both without a gap between them; the address of the first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int Append(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        int length = first.Length + second.Length;
        if (_chunks[_count - 1].Length - _used < length || _used >= ChunkSize)
            MakeRoom(length);
        int address = (_count - 1) << ChunkShift | _used;
        Span<byte> room = _chunks[_count - 1].AsSpan(_used, length);
        first.CopyTo(room);
        second.CopyTo(room[first.Length..]);
        _used += length;
        return address;
    }

    /// <summary>
    /// Appends to the run that was appended last, which moves when its chunk is full, so that it stays without gaps.
    /// </summary>
    /// <param name="address">Where the run begins.</param>
    /// <param name="first">The bytes to add.</param>
    /// <param name="second">More of them.</param>
    /// <returns>Where the run begins now.</returns>
    public int Extend(int address, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        int start = address & ChunkMask;
        int length = first.Length + second.Length;
        if (_chunks[_count - 1].Length - _used < length)
        {
            int runLength = _used - start;
            long wanted = Math.Min(Array.MaxLength, Math.Max(2L * (runLength + length), FirstSize));
            if (start == 0)
            {
                Array.Resize(ref _chunks[_count - 1], (int)wanted);
            }
            else if (_used + length <= ChunkSize)
            {
                Grow(length);
            }
            else
            {
                ReadOnlySpan<byte> run = _chunks[_count - 1].AsSpan(start, runLength);
                AddChunk((int)Math.Max(ChunkSize, wanted));
                run.CopyTo(_chunks[_count - 1]);
                _used = runLength;
                address = (_count - 1) << ChunkShift;
            }
        }
        first.CopyTo(_chunks[_count - 1].AsSpan(_used));
        second.CopyTo(_chunks[_count - 1].AsSpan(_used + first.Length));
        _used += length;
        return address;
    }

    /// <summary>Gives back what the last chunk does not need.</summary>
    public void Trim()
    {
        Array.Resize(ref _chunks[_count - 1], _used);
        Array.Resize(ref _chunks, _count);
    }

    private void MakeRoom(int length)
    {
        if (_used < ChunkSize && _used + length <= ChunkSize)
            Grow(length);
        else
            AddChunk(Math.Max(ChunkSize, length));
    }

    // Only a chunk that has not reached its full size yet: the first of a small arena.
    private void Grow(int length) => Array.Resize(
        ref _chunks[_count - 1], Math.Min(ChunkSize, Math.Max(_chunks[_count - 1].Length * 2, _used + length)));

    private void AddChunk(int size)
    {
        if (_count == _chunks.Length)
            Array.Resize(ref _chunks, _count * 2);
        _chunks[_count++] = new byte[size];
        _used = 0;
    }
}
