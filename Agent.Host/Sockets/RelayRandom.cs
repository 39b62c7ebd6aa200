using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Agent.Host.Sockets;

/// <summary>Unpredictable 16-bit numbers for query ids, drawn from the system in larger pieces. Owned by one thread.</summary>
internal sealed class RelayRandom
{
    private readonly byte[] _pool = new byte[1024];
    private int _used = 1024;

    public ushort Next()
    {
        if (_used == _pool.Length)
        {
            RandomNumberGenerator.Fill(_pool);
            _used = 0;
        }
        ushort value = BinaryPrimitives.ReadUInt16LittleEndian(_pool.AsSpan(_used));
        _used += sizeof(ushort);
        return value;
    }
}
