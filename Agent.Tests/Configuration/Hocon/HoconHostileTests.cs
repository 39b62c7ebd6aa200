using System.Text;
using Agent.Host.Configuration.Hocon;

namespace Agent.Tests.Configuration.Hocon;

/// <summary>Text that is meant to exhaust the reader ends in an error or a value, soon and without a crash.</summary>
public class HoconHostileTests
{
    [Theory]
    [InlineData("[", 100_000)]
    [InlineData("{a:", 100_000)]
    [InlineData("a{", 100_000)]
    [InlineData("a=[{", 100_000)]
    [InlineData("a=${", 100_000)]
    public void Depth_is_bounded(string repeated, int times) =>
        HoconText.Refused("x = 1\na = " + string.Concat(Enumerable.Repeat(repeated, times)));

    [Fact]
    public void Dotted_depth_is_bounded() => HoconText.Refused(string.Join('.', Enumerable.Repeat("a", 1_000)) + " = 1");

    [Fact]
    public void Doubling_strings_are_bounded() =>
        Assert.Contains("longer", HoconText.Refused(Doubling("\"0123456789\"", "${{a{0}}}${{a{0}}}")).Problem);

    [Fact]
    public void Doubling_lists_are_bounded() =>
        Assert.Contains("values", HoconText.Refused(Doubling("[1]", "${{a{0}}} ${{a{0}}}")).Problem);

    [Fact]
    public void Doubling_trees_are_bounded() =>
        Assert.Contains("values", HoconText.Refused(Doubling("{ x = 1 }", "{{ l = ${{a{0}}}, r = ${{a{0}}} }}")).Problem);

    [Fact]
    public void A_long_chain_is_bounded()
    {
        var text = new StringBuilder();
        for (int i = 0; i < 50_000; i++) text.Append($"a{i} = ${{a{i + 1}}}\n");
        Assert.Contains("nested", HoconText.Refused(text + "a50000 = 1").Problem);
    }

    [Fact]
    public void A_clique_of_references_is_bounded()
    {
        string all = string.Concat(Enumerable.Range(0, 40).Select(i => $"${{?a{i}}}"));
        HoconText.Refused(string.Concat(Enumerable.Range(0, 40).Select(i => $"a{i} = {all}\n")));
    }

    [Fact]
    public void Large_honest_text_is_read()
    {
        var text = new StringBuilder("agent.keys {\n");
        for (int i = 0; i < 20_000; i++) text.Append($"  k{i} {{ algorithm = hmac-sha256, secret = \"c2VjcmV0\" }}\n");
        var keys = Assert.IsType<HoconObject>(HoconText.Load(text + "}").Find("agent", "keys"));
        Assert.Equal(20_000, keys.Members.Count);
    }

    [Fact]
    public void Random_text_never_escapes_as_another_exception()
    {
        const string alphabet = "ab.=:+{}[],\"\\$?#/ \n\t1-~'`include\u00e9\0";
        string[] words = ["${a}", "${?b.c}", "include \"x\"", "\"\"\"", "+=", "null", "a = 1", "a.b", "{", "}", "[", "]", "\n"];
        var random = new Random(20261120);
        for (int round = 0; round < 20_000; round++)
        {
            var text = new StringBuilder();
            for (int i = random.Next(1, 30); i > 0; i--)
            {
                if (random.Next(3) == 0) text.Append(words[random.Next(words.Length)]);
                else text.Append(alphabet[random.Next(alphabet.Length)]);
            }

            try
            {
                string written = HoconText.Resolve(text.ToString());
                Assert.Equal(written, HoconText.Resolve(written));
            }
            catch (HoconException refused)
            {
                Assert.NotEmpty(refused.Problem);
            }
        }
    }

    private static string Doubling(string first, string format)
    {
        var text = new StringBuilder($"a0 = {first}\n");
        for (int i = 1; i < 60; i++) text.Append($"a{i} = ").AppendFormat(format, i - 1).Append('\n');
        return text.ToString();
    }
}
