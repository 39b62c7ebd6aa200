using System.Runtime.CompilerServices;

namespace Agent.Dns.Zones;

/// <summary>A list in chunks, so that growing copies nothing but the small beginnings and leaves nothing to collect.</summary>
internal sealed class ChunkedList<T>
    where T : struct
{
    private const int ChunkShift = 15;
    private const int ChunkSize = 1 << ChunkShift;
    private const int FirstSize = 8;

    private T[][] _chunks = [new T[FirstSize]];

    public int Count { get; private set; }

    /// <summary>The entries for which memory is allocated.</summary>
    public long Capacity => _chunks.Sum(chunk => (long)chunk.Length);

    public ref T this[int index] => ref _chunks[index >> ChunkShift][index & (ChunkSize - 1)];

    public ref T Last => ref this[Count - 1];

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(in T item)
    {
        int chunk = Count >> ChunkShift;
        int place = Count & (ChunkSize - 1);
        if (chunk == _chunks.Length)
            _chunks = [.. _chunks, new T[ChunkSize]];
        else if (place == _chunks[chunk].Length)
            Array.Resize(ref _chunks[chunk], Math.Min(ChunkSize, place * 2));
        _chunks[chunk][place] = item;
        Count++;
    }

    /// <summary>Gives back what the last chunk does not need.</summary>
    public void Trim()
    {
        int last = _chunks.Length - 1;
        Array.Resize(ref _chunks[last], Count - (last << ChunkShift));
    }
}
