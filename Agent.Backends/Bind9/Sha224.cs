using System.Buffers.Binary;
using System.Numerics;

namespace Agent.Backends.Bind9;

/// <summary>
/// HMAC-SHA-224 (RFC 2104, FIPS 180-4), which the framework leaves out but control keys may use. For the short messages of the control
/// channel; nothing else should need it.
/// </summary>
internal static class Sha224
{
    private const int BlockSize = 64;
    private const int DigestSize = 28;

    private static readonly uint[] RoundConstants =
    [
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    ];

    private static readonly uint[] InitialState =
        [0xc1059ed8, 0x367cd507, 0x3070dd17, 0xf70e5939, 0xffc00b31, 0x68581511, 0x64f98fa7, 0xbefa4fa4];

    public static byte[] Hmac(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data)
    {
        byte[] block = new byte[BlockSize];
        if (key.Length > BlockSize)
            Hash(key, []).CopyTo(block, 0);
        else
            key.CopyTo(block);
        byte[] outer = Array.ConvertAll(block, octet => (byte)(octet ^ 0x5c));
        byte[] inner = Array.ConvertAll(block, octet => (byte)(octet ^ 0x36));
        return Hash(outer, Hash(inner, data));
    }

    /// <summary>The digest of two parts back to back.</summary>
    public static byte[] Hash(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        int length = first.Length + second.Length;
        // One octet 0x80, zeros, and the length in bits in the last eight octets of a block.
        byte[] padded = new byte[(length + 9 + BlockSize - 1) / BlockSize * BlockSize];
        first.CopyTo(padded);
        second.CopyTo(padded.AsSpan(first.Length));
        padded[length] = 0x80;
        BinaryPrimitives.WriteUInt64BigEndian(padded.AsSpan(padded.Length - 8), (ulong)length * 8);

        uint[] state = [.. InitialState];
        for (int at = 0; at < padded.Length; at += BlockSize)
            Compress(state, padded.AsSpan(at, BlockSize));
        byte[] digest = new byte[DigestSize];
        for (int word = 0; word < DigestSize / 4; word++)
            BinaryPrimitives.WriteUInt32BigEndian(digest.AsSpan(word * 4), state[word]);
        return digest;
    }

    private static void Compress(uint[] state, ReadOnlySpan<byte> block)
    {
        Span<uint> schedule = stackalloc uint[64];
        for (int i = 0; i < 16; i++)
            schedule[i] = BinaryPrimitives.ReadUInt32BigEndian(block[(i * 4)..]);
        for (int i = 16; i < 64; i++)
        {
            uint x = schedule[i - 15], y = schedule[i - 2];
            uint low = BitOperations.RotateRight(x, 7) ^ BitOperations.RotateRight(x, 18) ^ (x >> 3);
            uint high = BitOperations.RotateRight(y, 17) ^ BitOperations.RotateRight(y, 19) ^ (y >> 10);
            schedule[i] = schedule[i - 16] + low + schedule[i - 7] + high;
        }

        Span<uint> v = stackalloc uint[8];
        state.CopyTo(v);
        for (int i = 0; i < 64; i++)
        {
            uint mixHigh = BitOperations.RotateRight(v[4], 6) ^ BitOperations.RotateRight(v[4], 11) ^ BitOperations.RotateRight(v[4], 25);
            uint choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
            uint first = v[7] + mixHigh + choice + RoundConstants[i] + schedule[i];
            uint mixLow = BitOperations.RotateRight(v[0], 2) ^ BitOperations.RotateRight(v[0], 13) ^ BitOperations.RotateRight(v[0], 22);
            uint majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
            v[..7].CopyTo(v[1..]);
            v[4] += first;
            v[0] = first + mixLow + majority;
        }

        for (int i = 0; i < 8; i++)
            state[i] += v[i];
    }
}
