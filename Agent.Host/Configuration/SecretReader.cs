using System.Text;

namespace Agent.Host.Configuration;

/// <summary>Reads secrets, in place or in a file; they never appear in a message.</summary>
internal static class SecretReader
{
    private const int FileOctetsMax = 64 * 1024;

    /// <summary>The secret of <paramref name="key"/> or of <c>KEY-file</c>, in base64; null after a problem, or where neither is
    /// given.</summary>
    public static Secret? Read(SectionReader section, string key, bool isRequired)
    {
        string text = ReadEither(section, key, isRequired, out string from);
        if (text.Length == 0) return null;
        byte[] octets = new byte[text.Length];
        if (Convert.TryFromBase64String(text, octets, out int length) && length > 0) return new Secret(octets[..length]);
        section.WrongValue(from, "the secret is not base64");
        return null;
    }

    /// <summary>The same of a secret that is a word, such as a server's API has it: what can stand in a header.</summary>
    public static Secret? ReadWord(SectionReader section, string key, bool isRequired)
    {
        string text = ReadEither(section, key, isRequired, out string from);
        if (text.All(static character => character is >= ' ' and <= '~'))
            return text.Length > 0 ? new Secret(Encoding.ASCII.GetBytes(text)) : null;
        section.WrongValue(from, "the secret has characters beyond printable ASCII");
        return null;
    }

    /// <summary>Empty after a problem, or where neither is given.</summary>
    private static string ReadEither(SectionReader section, string key, bool isRequired, out string from)
    {
        string fileKey = key + "-file";
        string path = section.SecretFile(fileKey);
        string text = section.Text(key);
        from = path.Length > 0 ? fileKey : key;
        if (text.Length > 0 && path.Length > 0)
        {
            section.Problem(fileKey, $"give either {key} or {fileKey}, not both");
            return "";
        }

        if (path.Length > 0) return ReadFile(section, fileKey, path);
        if (text.Length == 0 && isRequired) section.Problem(key, $"{key} or {fileKey} must be given");
        return text;
    }

    private static string ReadFile(SectionReader section, string key, string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            byte[] octets = new byte[FileOctetsMax + 1];
            int length = file.ReadAtLeast(octets, octets.Length, throwOnEndOfStream: false);
            string text = length > FileOctetsMax ? "" : Encoding.UTF8.GetString(octets, 0, length).Trim();
            if (text.Length == 0) section.Problem(key, length > FileOctetsMax ? $"{path} is too large for a secret" : $"{path} is empty");
            return text;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            section.Problem(key, $"cannot read {path}: {failure.Message}");
            return "";
        }
    }
}
