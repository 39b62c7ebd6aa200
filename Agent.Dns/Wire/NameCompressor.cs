using System.Runtime.CompilerServices;

namespace Agent.Dns.Wire;

/// <summary>
/// Remembers where names stand in a message being written. A small direct-mapped table without chains: a collision costs a missed
/// chance to compress, never a wrong pointer, as every hit is compared with the bytes written.
/// </summary>
/// <remarks>Compares byte for byte, so that a transfer keeps the case of every name (RFC 5936 3.4).</remarks>
internal struct NameCompressor
{
    private const int SlotCount = 512;
    private const int MaximumOffset = 0x3FFF;
    private const int MaximumLabels = 128;
    private const uint HashPrime = 16777619;
    private const uint HashSeed = 2166136261;
    private Slots _slots;

    /// <summary>Writes a name at the end of the message, as short as the table allows; false if it does not fit.</summary>
    /// <remarks>The scratch spans are filled before they are read; zeroing them would cost more than the rest.</remarks>
    [SkipLocalsInit]
    public bool TryWrite(ReadOnlySpan<byte> name, Span<byte> buffer, ref int length)
    {
        Span<byte> starts = stackalloc byte[MaximumLabels];
        Span<uint> hashes = stackalloc uint[MaximumLabels];
        var labels = HashSuffixes(name, starts, hashes);

        // The first suffix that is already written decides; what stands before it is written out and remembered.
        var known = 0;
        var pointer = 0;
        for (; known < labels; known++)
        {
            pointer = _slots[SlotOf(hashes[known])];
            if (pointer != 0 && NameReader.MatchesExactly(buffer[..length], pointer, name[starts[known]..])) break;
        }

        var literal = known < labels ? starts[known] : name.Length;
        var total = known < labels ? literal + 2 : literal;
        if (length + total > buffer.Length) return false;
        for (var i = 0; i < known && length + starts[i] <= MaximumOffset; i++) _slots[SlotOf(hashes[i])] = (ushort)(length + starts[i]);
        name[..literal].CopyTo(buffer[length..]);
        if (known < labels)
        {
            buffer[length + literal] = (byte)(0xC0 | (pointer >> 8));
            buffer[length + literal + 1] = (byte)pointer;
        }

        length += total;
        return true;
    }

    /// <summary>Remembers an uncompressed name that stands in the message already.</summary>
    [SkipLocalsInit]
    public void Note(ReadOnlySpan<byte> name, int offset)
    {
        Span<byte> starts = stackalloc byte[MaximumLabels];
        Span<uint> hashes = stackalloc uint[MaximumLabels];
        var labels = HashSuffixes(name, starts, hashes);
        for (var i = 0; i < labels && offset + starts[i] <= MaximumOffset; i++) _slots[SlotOf(hashes[i])] = (ushort)(offset + starts[i]);
    }

    private static int HashSuffixes(ReadOnlySpan<byte> name, Span<byte> starts, Span<uint> hashes)
    {
        var labels = NameBytes.FindLabels(name, starts);
        var hash = HashSeed;
        for (var i = labels - 1; i >= 0; i--)
        {
            foreach (var value in name.Slice(starts[i], name[starts[i]] + 1)) hash = unchecked((hash ^ value) * HashPrime);
            hashes[i] = hash;
        }

        return labels;
    }

    private static int SlotOf(uint hash) => (int)((hash ^ (hash >> 15)) % SlotCount);

    [InlineArray(SlotCount)]
    private struct Slots
    {
        private ushort _first;
    }
}
