using System.Globalization;
using System.Text;
using Agent.Dns.Wire;

namespace Agent.Host.Transfers;

/// <summary>Words of a peer, made fit for logs and reasons.</summary>
internal static class PeerText
{
    private const int CharactersMax = 160;

    /// <summary>The extended error of an answer (RFC 8914), with a space in front; empty if there is none or it cannot be read.</summary>
    public static string ExtendedErrorOf(ReadOnlySpan<byte> message)
    {
        bool isRead = EdnsView.Find(message, out EdnsView edns) == WireError.None;
        if (!isRead || !edns.TryGetExtendedError(out ExtendedErrorCode code, out ReadOnlySpan<byte> text))
            return "";
        string name = Enum.IsDefined(code) ? $" {code}" : "";
        string words = Plain(Encoding.UTF8.GetString(text));
        string said = words.Length > 0 ? $": \"{words}\"" : "";
        return string.Create(CultureInfo.InvariantCulture, $" (extended error {(int)code}{name}{said})");
    }

    /// <summary>Without control characters and quotes, and not endless.</summary>
    private static string Plain(string text)
    {
        string kept = string.Concat(text.Select(c => char.IsControl(c) || c == '"' ? ' ' : c)).Trim();
        return kept.Length > CharactersMax ? kept[..CharactersMax] + "..." : kept;
    }
}
