using System.Buffers.Binary;
using System.Numerics;

namespace Agent.Dns.Cookies;

/// <summary>SipHash-2-4 (Aumasson and Bernstein, 2012): a keyed hash of short messages with 64 bits.</summary>
internal static class SipHash
{
    /// <summary>Length of a key in octets.</summary>
    public const int KeyBytes = 16;

    private const int WordBytes = sizeof(ulong);
    private const int FinalRounds = 4;

    /// <summary>Hashes a message.</summary>
    public static ulong Compute(ReadOnlySpan<byte> key, ReadOnlySpan<byte> message)
    {
        ulong k0 = BinaryPrimitives.ReadUInt64LittleEndian(key), k1 = BinaryPrimitives.ReadUInt64LittleEndian(key[WordBytes..]);
        var state = new State
        {
            V0 = k0 ^ 0x736F_6D65_7073_6575,
            V1 = k1 ^ 0x646F_7261_6E64_6F6D,
            V2 = k0 ^ 0x6C79_6765_6E65_7261,
            V3 = k1 ^ 0x7465_6462_7974_6573,
        };
        ulong last = (ulong)message.Length << 56;
        for (; message.Length >= WordBytes; message = message[WordBytes..]) state.Take(BinaryPrimitives.ReadUInt64LittleEndian(message));
        for (int i = 0; i < message.Length; i++) last |= (ulong)message[i] << (8 * i);
        state.Take(last);
        state.V2 ^= 0xFF;
        for (int round = 0; round < FinalRounds; round++) state.Round();
        return state.V0 ^ state.V1 ^ state.V2 ^ state.V3;
    }

    private struct State
    {
        public ulong V0;
        public ulong V1;
        public ulong V2;
        public ulong V3;

        public void Take(ulong word)
        {
            V3 ^= word;
            Round();
            Round();
            V0 ^= word;
        }

        public void Round()
        {
            V0 += V1;
            V2 += V3;
            V1 = BitOperations.RotateLeft(V1, 13) ^ V0;
            V3 = BitOperations.RotateLeft(V3, 16) ^ V2;
            V0 = BitOperations.RotateLeft(V0, 32);
            V2 += V1;
            V0 += V3;
            V1 = BitOperations.RotateLeft(V1, 17) ^ V2;
            V3 = BitOperations.RotateLeft(V3, 21) ^ V0;
            V2 = BitOperations.RotateLeft(V2, 32);
        }
    }
}
