using System.Runtime.CompilerServices;

namespace Agent.Dns.Wire;

/// <summary>
/// Turns RDATA with compressed names into RDATA that stands for itself, and checks the shape around those names on the way.
/// Covers the types of RFC 1035, those of RFC 3597 4, and DNAME, KX and RRSIG, which some senders compress against the rules.
/// Every other type passes byte by byte.
/// </summary>
public static class RdataExpander
{
    /// <summary>The largest growth: two names of a pointer's two bytes become 255 bytes each.</summary>
    public const int MaximumGrowth = 2 * NameReader.MaximumLength;

    /// <summary>Writes the RDATA of a record without compression.</summary>
    /// <param name="record">A record in its message.</param>
    /// <param name="destination">Room for its RDATA and <see cref="MaximumGrowth"/> bytes more is always enough.</param>
    /// <param name="length">Bytes written, at most 65535.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static WireError Expand(in RecordView record, Span<byte> destination, out int length)
    {
        length = 0;
        var names = RdataNames.Of(record.Type);
        var rdata = record.Rdata;

        // Updates delete whole sets with empty RDATA (RFC 2136 2.5), so only class IN must have the shape.
        if (names.Names == 0 || (rdata.IsEmpty && record.Class is RecordClass.ANY or RecordClass.NONE))
        {
            return Append(rdata, destination, ref length);
        }

        var first = names.FindFirstName(rdata);
        if (first < 0) return WireError.BadRdata;
        var error = Append(rdata[..first], destination, ref length);
        var position = record.RdataOffset + first;
        var end = record.RdataOffset + record.RdataLength;
        for (var i = 0; i < names.Names && error == WireError.None; i++)
        {
            if (position >= end) return WireError.BadRdata;
            error = NameReader.Read(record.Message, ref position, destination[length..], out var nameLength);
            length += nameLength;
        }

        if (error != WireError.None) return error;
        if (position > end || !names.FitsTail(end - position)) return WireError.BadRdata;
        return Append(record.Message[position..end], destination, ref length);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static WireError Append(ReadOnlySpan<byte> bytes, Span<byte> destination, ref int length)
    {
        if (length + bytes.Length > ushort.MaxValue) return WireError.BadRdata;
        if (length + bytes.Length > destination.Length) return WireError.BufferTooSmall;
        bytes.CopyTo(destination[length..]);
        length += bytes.Length;
        return WireError.None;
    }
}
