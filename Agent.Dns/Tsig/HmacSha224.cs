using System.Buffers.Binary;
using System.Numerics;

namespace Agent.Dns.Tsig;

/// <summary>HMAC (RFC 2104) over SHA-224 (RFC 3874), which the framework lacks: SHA-256 with its own start and a shorter end.</summary>
/// <remarks>For one thread at a time; begins afresh after each <see cref="Finish"/>.</remarks>
public sealed class HmacSha224
{
    /// <summary>Octets of a MAC.</summary>
    public const int MacLength = 28;
    private const int BlockBytes = 64;
    private const byte InnerPad = 0x36;
    private const byte OuterPad = 0x5C;

    private static readonly uint[] Start =
    [
        0xc1059ed8, 0x367cd507, 0x3070dd17, 0xf70e5939, 0xffc00b31, 0x68581511, 0x64f98fa7, 0xbefa4fa4,
    ];

    private static readonly uint[] RoundConstants =
    [
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
        0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
        0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
        0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
        0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f,
        0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    ];

    private readonly byte[] _key = new byte[BlockBytes];
    private readonly byte[] _block = new byte[BlockBytes];
    private readonly uint[] _state = new uint[8];
    private int _blockLength;
    private ulong _totalBytes;

    /// <summary>Begins with a key of any length.</summary>
    public HmacSha224(ReadOnlySpan<byte> secret)
    {
        Reset();
        if (secret.Length > BlockBytes)
        {
            AppendToHash(secret);
            FinishHash(_key);
        }
        else
        {
            secret.CopyTo(_key);
        }

        Begin(InnerPad);
    }

    /// <summary>The MAC of data that is there as a whole.</summary>
    public static byte[] Sign(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> data)
    {
        var mac = new HmacSha224(secret);
        mac.Append(data);
        byte[] result = new byte[MacLength];
        mac.Finish(result);
        return result;
    }

    /// <summary>Adds data.</summary>
    public void Append(ReadOnlySpan<byte> bytes) => AppendToHash(bytes);

    /// <summary>Writes the MAC and starts afresh with the same key.</summary>
    public int Finish(Span<byte> destination)
    {
        Span<byte> inner = stackalloc byte[MacLength];
        FinishHash(inner);
        Begin(OuterPad);
        AppendToHash(inner);
        FinishHash(destination);
        Begin(InnerPad);
        return MacLength;
    }

    private void Begin(byte pad)
    {
        Span<byte> padded = stackalloc byte[BlockBytes];
        for (var i = 0; i < BlockBytes; i++) padded[i] = (byte)(_key[i] ^ pad);
        Reset();
        AppendToHash(padded);
    }

    private void Reset()
    {
        Start.CopyTo(_state, 0);
        _blockLength = 0;
        _totalBytes = 0;
    }

    private void AppendToHash(ReadOnlySpan<byte> bytes)
    {
        _totalBytes += (ulong)bytes.Length;
        while (!bytes.IsEmpty)
        {
            var taken = Math.Min(BlockBytes - _blockLength, bytes.Length);
            bytes[..taken].CopyTo(_block.AsSpan(_blockLength));
            _blockLength += taken;
            bytes = bytes[taken..];
            if (_blockLength < BlockBytes) return;
            Compress();
            _blockLength = 0;
        }
    }

    private void FinishHash(Span<byte> destination)
    {
        const int LengthBytes = 8;
        var bits = _totalBytes * 8;
        AppendToHash([0x80]);
        while (_blockLength != BlockBytes - LengthBytes) AppendToHash([0]);
        Span<byte> length = stackalloc byte[LengthBytes];
        BinaryPrimitives.WriteUInt64BigEndian(length, bits);
        AppendToHash(length);
        for (var i = 0; i < MacLength / sizeof(uint); i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(destination[(i * sizeof(uint))..], _state[i]);
        }
    }

    private void Compress()
    {
        Span<uint> words = stackalloc uint[64];
        for (var i = 0; i < 16; i++) words[i] = BinaryPrimitives.ReadUInt32BigEndian(_block.AsSpan(i * sizeof(uint)));
        for (var i = 16; i < words.Length; i++)
        {
            uint early = words[i - 15], late = words[i - 2];
            var low = BitOperations.RotateRight(early, 7) ^ BitOperations.RotateRight(early, 18) ^ (early >> 3);
            var high = BitOperations.RotateRight(late, 17) ^ BitOperations.RotateRight(late, 19) ^ (late >> 10);
            words[i] = unchecked(words[i - 16] + low + words[i - 7] + high);
        }

        uint a = _state[0], b = _state[1], c = _state[2], d = _state[3], e = _state[4], f = _state[5], g = _state[6], h = _state[7];
        unchecked
        {
            for (var i = 0; i < words.Length; i++)
            {
                var sum1 = BitOperations.RotateRight(e, 6) ^ BitOperations.RotateRight(e, 11) ^ BitOperations.RotateRight(e, 25);
                var first = h + sum1 + ((e & f) ^ (~e & g)) + RoundConstants[i] + words[i];
                var sum0 = BitOperations.RotateRight(a, 2) ^ BitOperations.RotateRight(a, 13) ^ BitOperations.RotateRight(a, 22);
                var second = sum0 + ((a & b) ^ (a & c) ^ (b & c));
                (h, g, f, e, d, c, b, a) = (g, f, e, d + first, c, b, a, first + second);
            }

            _state[0] += a;
            _state[1] += b;
            _state[2] += c;
            _state[3] += d;
            _state[4] += e;
            _state[5] += f;
            _state[6] += g;
            _state[7] += h;
        }
    }
}
