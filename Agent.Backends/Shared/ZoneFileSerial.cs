using System.Globalization;

namespace Agent.Backends.Shared;

/// <summary>
/// Finds the serial in the head of a master file (RFC 1035 section 5.1): the third field of the first SOA. Enough for the files that
/// we write and
/// for what people do to them; directives and comments are passed over.
/// </summary>
public static class ZoneFileSerial
{
    private const int HeadCharsMax = 16 * 1024;
    private const int SerialFieldAfterType = 3;

    /// <summary>Reads the head of a file; null when there is no SOA in it.</summary>
    public static uint? Read(string path)
    {
        char[] head = new char[HeadCharsMax];
        using StreamReader reader = new(path);
        int length = reader.ReadBlock(head, 0, head.Length);
        return Find(new string(head, 0, length));
    }

    /// <summary>The same in text.</summary>
    public static uint? Find(string head)
    {
        int fieldsSinceType = -1;
        foreach (string line in head.Split('\n').Where(line => !line.StartsWith('$')))
        {
            foreach (string field in Fields(line))
            {
                if (fieldsSinceType < 0 && !field.Equals("SOA", StringComparison.OrdinalIgnoreCase))
                    continue;
                if (++fieldsSinceType == SerialFieldAfterType)
                    return uint.TryParse(field, NumberStyles.None, CultureInfo.InvariantCulture, out uint serial) ? serial : null;
            }
        }

        return null;
    }

    private static IEnumerable<string> Fields(string line)
    {
        int start = 0;
        for (int at = 0; at <= line.Length; at++)
        {
            char mark = at < line.Length ? line[at] : ';';
            if (mark == '\\')
            {
                at++;
                continue;
            }

            if (mark is not (' ' or '\t' or '\r' or '(' or ')' or ';'))
                continue;
            if (at > start)
                yield return line[start..at];
            start = at + 1;
            if (mark == ';')
                yield break;
        }
    }
}
