using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Agent.Dns.Wire;

/// <summary>
/// Message ids that nobody can foresee (RFC 5452). They come from the system's generator, in pieces: by itself each would cost some calls
/// to the kernel, because the generator looks with each call whether the process was forked.
/// </summary>
/// <remarks>Safe for any number of threads: each has a piece for itself. No octet serves twice, and what has served is wiped.</remarks>
public static class MessageIds
{
    /// <summary>The ids of one piece.</summary>
    public const int PieceIds = 256;

    [ThreadStatic]
    private static Piece? _piece;

    /// <summary>A fresh one.</summary>
    public static ushort Next() => (_piece ??= new Piece()).Next();

    private sealed class Piece
    {
        private readonly byte[] _octets = new byte[PieceIds * sizeof(ushort)];
        private int _used = PieceIds * sizeof(ushort);

        public ushort Next()
        {
            if (_used == _octets.Length)
            {
                RandomNumberGenerator.Fill(_octets);
                _used = 0;
            }

            Span<byte> id = _octets.AsSpan(_used, sizeof(ushort));
            ushort value = BinaryPrimitives.ReadUInt16LittleEndian(id);
            id.Clear();
            _used += sizeof(ushort);
            return value;
        }
    }
}
