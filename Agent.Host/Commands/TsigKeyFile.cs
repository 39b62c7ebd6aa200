using System.Diagnostics.CodeAnalysis;
using System.Text;
using Agent.Backends.Bind9;
using Agent.Dns.Tsig;

namespace Agent.Host.Commands;

/// <summary>
/// Reads a key as BIND's tools write it: <c>key "name" { algorithm hmac-sha256; secret "base64"; };</c>. Messages never quote the text,
/// for any part of it may be the secret.
/// </summary>
internal static class TsigKeyFile
{
    private const int FileOctetsMax = 64 * 1024;

    /// <param name="problem">Why there is no key, when the answer is false.</param>
    public static bool TryRead(string path, [NotNullWhen(true)] out TsigKey? key, out string problem)
    {
        key = null;
        try
        {
            using FileStream file = File.OpenRead(path);
            byte[] octets = new byte[FileOctetsMax];
            int length = file.ReadAtLeast(octets, octets.Length, throwOnEndOfStream: false);
            return TryParse(Encoding.UTF8.GetString(octets, 0, length), out key, out problem);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            problem = $"cannot read the key: {failure.Message}";
            return false;
        }
    }

    internal static bool TryParse(string text, [NotNullWhen(true)] out TsigKey? key, out string problem)
    {
        key = null;
        problem = "the key file must hold one key \"NAME\" { algorithm NAME; secret \"BASE64\"; };";
        if (NamedConfLexer.Tokenize(text) is not { } tokens) return false;
        string[] words = [.. tokens.Select(token => token.Text)];
        if (words is not ["key", var name, "{", .. var body, "}", ";"] || body.Length != 6) return false;
        string algorithmText = ValueOf(body, "algorithm");
        string secret = ValueOf(body, "secret");
        if (algorithmText.Length == 0 || secret.Length == 0) return false;
        if (!TsigAlgorithms.TryParse(algorithmText, out TsigAlgorithm algorithm))
        {
            problem = "the key's algorithm is not known: " + string.Join(", ", Configuration.KeyOptions.Algorithms);
            return false;
        }

        problem = "the key's name or its base64 is wrong";
        return TsigKey.TryCreate(name, algorithm, secret, out key);
    }

    /// <summary>Of the two statements <c>WORD VALUE ;</c> the value of one.</summary>
    private static string ValueOf(string[] body, string word) => body switch
    {
        [var first, var value, ";", _, _, ";"] when first == word => value,
        [_, _, ";", var second, var value, ";"] when second == word => value,
        _ => "",
    };
}
