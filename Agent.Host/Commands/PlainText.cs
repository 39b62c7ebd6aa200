using System.Text;

namespace Agent.Host.Commands;

/// <summary>Text from the network on its way to a terminal: no control characters, which could move the cursor or fake a line.</summary>
internal static class PlainText
{
    public static string Of(string text)
    {
        if (!text.Any(IsUnsafe)) return text;
        var safe = new StringBuilder(text.Length);
        foreach (char character in text) safe.Append(IsUnsafe(character) ? '\uFFFD' : character);
        return safe.ToString();
    }

    private static bool IsUnsafe(char character) =>
        char.IsControl(character) || character is '\u2028' or '\u2029' or (>= '\u202A' and <= '\u202E');
}
