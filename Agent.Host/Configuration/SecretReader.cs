using System.Text;

namespace Agent.Host.Configuration;

/// <summary>Reads secrets given in base64, in place or in a file; they never appear in a message.</summary>
internal static class SecretReader
{
    private const int FileOctetsMax = 64 * 1024;

    /// <summary>The secret of <paramref name="key"/> or of <c>KEY-file</c>; null after a problem, or where neither is given.</summary>
    public static Secret? Read(SectionReader section, string key, bool isRequired)
    {
        string fileKey = key + "-file";
        string path = section.File(fileKey);
        string text = section.Text(key);
        if (text.Length > 0 && path.Length > 0)
        {
            section.Problem(fileKey, $"give either {key} or {fileKey}, not both");
            return null;
        }

        if (path.Length > 0) text = ReadFile(section, fileKey, path);
        else if (text.Length == 0 && isRequired) section.Problem(key, $"{key} or {fileKey} must be given");
        if (text.Length == 0) return null;
        byte[] octets = new byte[text.Length];
        if (Convert.TryFromBase64String(text, octets, out int length) && length > 0) return new Secret(octets[..length]);
        section.Problem(path.Length > 0 ? fileKey : key, "the secret is not base64");
        return null;
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
