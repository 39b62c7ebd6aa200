using System.Security.Cryptography;
using System.Text;

namespace Agent.Host.Web;

/// <summary>
/// The bearer token of the management interface: made once, kept in <c>data-dir/api-token</c> with mode 0600, so that whoever may
/// read the agent's data may also command it, and nobody else.
/// </summary>
public sealed class ApiToken
{
    private readonly byte[] _token;

    private ApiToken(string text)
    {
        _token = Encoding.UTF8.GetBytes(text);
    }

    /// <summary>Reads the token of a data folder, or makes it.</summary>
    /// <exception cref="IOException">A folder has its name.</exception>
    /// <exception cref="UnauthorizedAccessException">It belongs to somebody else.</exception>
    public static ApiToken Load(string dataDirectory)
    {
        string path = Path.Combine(dataDirectory, "api-token");
        if (Directory.Exists(path)) throw new IOException($"{path} is a folder.");
        if (File.Exists(path))
        {
            // Restored from a backup, say, or written by hand.
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            if (File.ReadAllText(path).Trim() is { Length: >= 32 } kept) return new ApiToken(kept);
        }

        string made = Convert.ToHexString(RandomNumberGenerator.GetBytes(32)).ToLowerInvariant();
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var file = new StreamWriter(path, options);
        file.WriteLine(made);
        return new ApiToken(made);
    }

    /// <summary>Compares in constant time.</summary>
    public bool Matches(string? authorization)
    {
        const string scheme = "Bearer ";
        if (authorization is null || !authorization.StartsWith(scheme, StringComparison.OrdinalIgnoreCase)) return false;
        return CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(authorization[scheme.Length..].Trim()), _token);
    }
}
