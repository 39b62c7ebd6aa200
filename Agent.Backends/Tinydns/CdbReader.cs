using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Agent.Backends.Tinydns;

/// <summary>Looks records up in a constant database. Whatever the file holds, it ends and says so.</summary>
/// <remarks>A database never changes once it has its name, so it may be replaced meanwhile.</remarks>
public sealed class CdbReader : IDisposable
{
    // Of a damaged file any length may be read; no record of DNS comes near it.
    private const uint DataBytesMax = 1 << 24;

    private readonly SafeFileHandle _file;
    private readonly long _length;
    private readonly byte[] _header = new byte[CdbHash.HeaderSize];

    /// <summary>Opens a file.</summary>
    /// <exception cref="IOException">It cannot be read, or is no such database.</exception>
    public CdbReader(string path)
    {
        _file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        try
        {
            _length = RandomAccess.GetLength(_file);
            Read(_header, 0);
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <summary>There is no record in it.</summary>
    public bool IsEmpty => Enumerable.Range(0, CdbHash.Tables).All(table => Table((uint)table).Slots == 0);

    /// <summary>The data of every record of a key, in their order.</summary>
    /// <exception cref="IOException">The file is damaged.</exception>
    public IEnumerable<byte[]> Find(byte[] key)
    {
        uint hash = CdbHash.Of(key);
        (uint place, uint slots) = Table((uint)(hash % CdbHash.Tables));
        for (uint i = 0; i < slots; i++)
        {
            long slot = place + ((((hash / CdbHash.Tables) + i) % slots) * (long)CdbHash.PairSize);
            (uint found, uint record) = ReadPair(slot);
            if (record == 0)
                yield break;
            if (found != hash)
                continue;
            (uint keyLength, uint dataLength) = ReadPair(record);
            if (keyLength != key.Length)
                continue;
            byte[] held = new byte[keyLength];
            Read(held, (long)record + CdbHash.PairSize);
            if (!held.AsSpan().SequenceEqual(key))
                continue;
            if (dataLength > DataBytesMax || record + (long)dataLength > _length)
                throw Damaged();
            byte[] data = new byte[dataLength];
            Read(data, (long)record + CdbHash.PairSize + keyLength);
            yield return data;
        }
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();

    private (uint Place, uint Slots) Table(uint table) => PairIn(_header.AsSpan((int)table * CdbHash.PairSize));

    private (uint First, uint Second) ReadPair(long place)
    {
        Span<byte> pair = stackalloc byte[CdbHash.PairSize];
        Read(pair, place);
        return PairIn(pair);
    }

    private static (uint First, uint Second) PairIn(ReadOnlySpan<byte> octets) =>
        (BinaryPrimitives.ReadUInt32LittleEndian(octets), BinaryPrimitives.ReadUInt32LittleEndian(octets[4..]));

    private void Read(Span<byte> destination, long place)
    {
        while (!destination.IsEmpty)
        {
            int got = RandomAccess.Read(_file, destination, place);
            if (got == 0)
                throw Damaged();
            destination = destination[got..];
            place += got;
        }
    }

    private static InvalidDataException Damaged() => new("it is no constant database, or a damaged one");
}
