using System.Text;
using Agent.Dns.Wire;

namespace Agent.Backends.Shared;

/// <summary>The name server identifier in answers (RFC 5001), and other texts by which servers tell who they are.</summary>
internal static class ServerIdentifier
{
    private const int TextMax = 128;
    private const int OptSize = 11;
    private const int OptionHead = 4;

    /// <summary>What the question for it takes.</summary>
    public const int QuestionSize = OptSize + OptionHead;

    /// <summary>Appends the question for it to a message that has no OPT.</summary>
    /// <param name="writer">Has <see cref="QuestionSize"/> octets of room.</param>
    /// <param name="answerMax">The longest answer by UDP that is taken.</param>
    /// <param name="withSignatures">Signatures are asked for too (DO).</param>
    public static void Ask(ref MessageWriter writer, ushort answerMax, bool withSignatures = false)
    {
        writer.TryWriteOpt(answerMax, withSignatures);
        writer.TryWriteOption(EdnsOptionCode.Nsid, []);
    }

    /// <summary>The identifier in an answer: as text where it is text, else in hexadecimal digits; null where there is none.</summary>
    public static string? In(ReadOnlySpan<byte> message)
    {
        if (EdnsView.Find(message, out EdnsView edns) != WireError.None || !edns.IsPresent) return null;
        if (!edns.TryGetOption(EdnsOptionCode.Nsid, out ReadOnlySpan<byte> value) || value.IsEmpty) return null;
        value = value[..Math.Min(value.Length, TextMax)];
        return value.ContainsAnyExceptInRange((byte)0x20, (byte)0x7e) ? Convert.ToHexString(value) : Printable(value);
    }

    /// <summary>What a server says goes into logs and tables.</summary>
    public static string? Printable(ReadOnlySpan<byte> octets)
    {
        var text = new StringBuilder(Math.Min(octets.Length, TextMax));
        foreach (byte octet in octets[..Math.Min(octets.Length, TextMax)]) text.Append(octet is >= 0x20 and < 0x7f ? (char)octet : '?');
        return text.Length == 0 ? null : text.ToString();
    }
}
