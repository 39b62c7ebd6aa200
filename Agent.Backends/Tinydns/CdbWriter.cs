using System.Buffers.Binary;

namespace Agent.Backends.Tinydns;

/// <summary>
/// Writes a constant database, as cdb_make does and tinydns reads it: records back to back, then 256 open hash tables, half of whose places
/// are free, and in front where each of them is. Keys may repeat; their records are found in the order they were added in.
/// </summary>
/// <remarks>Holds eight octets for each record until the end, and sixteen there. For one user.</remarks>
public sealed class CdbWriter
{
    /// <summary>The largest database: all places in it are numbers of 32 bits.</summary>
    public const long BytesMax = uint.MaxValue;

    private readonly Stream _destination;
    private readonly List<(uint Hash, uint Place)> _entries = [];
    private readonly byte[] _pair = new byte[CdbHash.PairSize];
    private long _place = CdbHash.HeaderSize;

    /// <summary>Begins one.</summary>
    /// <param name="destination">Empty, and can be written at its beginning again; stays open.</param>
    public CdbWriter(Stream destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        _destination = destination;
        destination.Write(new byte[CdbHash.HeaderSize]);
    }

    /// <summary>What a record takes of the database, its place in a hash table included.</summary>
    public static long SizeOf(int keyLength, int dataLength) => (3L * CdbHash.PairSize) + keyLength + dataLength;

    /// <summary>What a database takes that has no records.</summary>
    public static long EmptySize => CdbHash.HeaderSize;

    /// <summary>Adds a record.</summary>
    /// <exception cref="IOException">The database would become too large, or the destination cannot be written.</exception>
    public void Add(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data)
    {
        _entries.Add((CdbHash.Of(key), (uint)_place));
        _place += CdbHash.PairSize + key.Length + data.Length;
        if (_place + ((long)_entries.Count * 2 * CdbHash.PairSize) > BytesMax)
            throw new IOException($"a constant database can have {BytesMax} octets");
        WritePair((uint)key.Length, (uint)data.Length);
        _destination.Write(key);
        _destination.Write(data);
    }

    /// <summary>Writes the hash tables, and where they are.</summary>
    /// <exception cref="IOException">The destination cannot be written.</exception>
    public void Complete()
    {
        byte[] header = new byte[CdbHash.HeaderSize];
        (uint Hash, uint Place)[] sorted = Sort(out int[] starts);
        for (int table = 0; table < CdbHash.Tables; table++)
        {
            int count = starts[table + 1] - starts[table];
            BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(table * CdbHash.PairSize), (uint)_place);
            BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan((table * CdbHash.PairSize) + 4), (uint)count * 2);
            WriteTable(sorted.AsSpan(starts[table], count));
        }

        _destination.Position = 0;
        _destination.Write(header);
    }

    /// <summary>The entries by table, each table's in their order.</summary>
    private (uint Hash, uint Place)[] Sort(out int[] starts)
    {
        starts = new int[CdbHash.Tables + 1];
        foreach ((uint hash, uint _) in _entries)
            starts[(hash % CdbHash.Tables) + 1]++;
        for (int table = 0; table < CdbHash.Tables; table++)
            starts[table + 1] += starts[table];
        int[] next = [.. starts];
        (uint Hash, uint Place)[] sorted = new (uint, uint)[_entries.Count];
        foreach ((uint Hash, uint Place) entry in _entries)
            sorted[next[entry.Hash % CdbHash.Tables]++] = entry;
        return sorted;
    }

    private void WriteTable(ReadOnlySpan<(uint Hash, uint Place)> entries)
    {
        (uint Hash, uint Place)[] slots = new (uint, uint)[entries.Length * 2];
        foreach ((uint Hash, uint Place) entry in entries)
        {
            int at = (int)(entry.Hash / CdbHash.Tables % slots.Length);
            while (slots[at].Place != 0)
                at = (at + 1) % slots.Length;
            slots[at] = entry;
        }

        foreach ((uint hash, uint place) in slots)
            WritePair(hash, place);
        _place += (long)slots.Length * CdbHash.PairSize;
    }

    private void WritePair(uint first, uint second)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_pair, first);
        BinaryPrimitives.WriteUInt32LittleEndian(_pair.AsSpan(4), second);
        _destination.Write(_pair);
    }
}
