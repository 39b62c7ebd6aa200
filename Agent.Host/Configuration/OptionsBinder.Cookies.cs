using Agent.Actors.Cookies;

namespace Agent.Host.Configuration;

/// <content>DNS cookies.</content>
internal sealed partial class OptionsBinder
{
    private const int CookieSecretsMaximum = 16;

    private static CookieOptions ReadCookies(SectionReader section)
    {
        var options = new CookieOptions(
            section.Flag("enabled"),
            section.Flag("required"),
            section.Duration("rotate-every", TimeSpan.FromHours(1), 365 * Day),
            ReadCookieSecrets(section, section.SecretFile("secret-file")));
        section.Done();
        return options;
    }

    /// <summary>One secret in a line, as other name servers have it in their configuration; # begins a comment.</summary>
    private static IReadOnlyList<string> ReadCookieSecrets(SectionReader section, string file)
    {
        if (file.Length == 0) return [];
        try
        {
            IEnumerable<string> lines = File.ReadLines(file).Select(line => line.Split('#')[0].Trim()).Where(line => line.Length > 0);
            string[] secrets = [.. lines.Take(CookieSecretsMaximum + 1)];
            if (secrets.Length is > 0 and <= CookieSecretsMaximum && secrets.All(CookieJar.IsSecret)) return secrets;
            section.Problem("secret-file", $"{file} must have one to {CookieSecretsMaximum} lines of 32 hexadecimal digits");
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            section.Problem("secret-file", $"cannot be read: {problem.Message}");
        }

        return [];
    }
}
