using Agent.Bench.Peers;
using Agent.Host.Web;

namespace Agent.Tests.Web;

public sealed class ApiTokenTests
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    [Theory]
    [InlineData(null)]
    [InlineData("0123456789abcdef0123456789abcdef\n")]
    [InlineData("short")]
    public void The_token_is_for_its_owner_alone_whoever_wrote_the_file(string? content)
    {
        using TemporaryFolder folder = new("token");
        string path = folder.Combine("api-token");
        if (content is not null)
        {
            File.WriteAllText(path, content);
            File.SetUnixFileMode(path, OwnerOnly | UnixFileMode.OtherRead | UnixFileMode.GroupRead);
        }

        ApiToken token = ApiToken.Load(folder.FullPath);

        Assert.Equal(OwnerOnly, File.GetUnixFileMode(path));
        string text = File.ReadAllText(path).Trim();
        Assert.True(text.Length >= 32);
        Assert.True(token.Matches("Bearer " + text));
        Assert.False(token.Matches("Bearer " + text[1..]));
        Assert.False(token.Matches(text));
        Assert.False(token.Matches(null));
    }
}
