using Agent.Host.Configuration.Hocon;

namespace Agent.Tests.Configuration.Hocon;

/// <summary>The specification's sections on substitution, concatenation and self-reference.</summary>
public class HoconSubstitutionTests
{
    [Theory]
    [InlineData("a = 1, b = ${a}", "{ a = 1, b = 1 }")]
    [InlineData("b = ${a}, a = 1", "{ b = 1, a = 1 }")]
    [InlineData("b = ${a}, a = 1, a = 2", "{ b = 2, a = 2 }")]
    [InlineData("a { b { c = [1] } }, d = ${a.b}", "{ a = { b = { c = [1] } }, d = { c = [1] } }")]
    [InlineData("a.\"x.y\" = 1, b = ${a.\"x.y\"}", "{ a = { \"x.y\" = 1 }, b = 1 }")]
    [InlineData("a = ${?nope}", "{ }")]
    [InlineData("a = 1, a = ${?nope}", "{ a = 1 }")]
    [InlineData("a = [1, ${?nope}, 2]", "{ a = [1, 2] }")]
    [InlineData("a = x${?nope}y", "{ a = \"xy\" }")]
    [InlineData("a = ${?x}${?y}", "{ }")]
    [InlineData("a = ${?x} [1]", "{ a = [1] }")]
    [InlineData("a = ${?x} { b = 1 }", "{ a = { b = 1 } }")]
    [InlineData("a = \"${b}\"", "{ a = \"${b}\" }")]
    [InlineData("a = 8, b = ${a} \" \" ${a}", "{ a = 8, b = \"8   8\" }")]
    [InlineData("a = null, b = ${a}", "{ a = null, b = null }")]
    [InlineData("a = ${nope}, a = 42", "{ a = 42 }")]
    [InlineData("a { x = ${nope} }, a = 42", "{ a = 42 }")]
    [InlineData("a { x = ${nope} }, a { x = 42 }", "{ a = { x = 42 } }")]
    [InlineData("a = ${b}, b = ${c}, c = ${d}, d = 1", "{ a = 1, b = 1, c = 1, d = 1 }")]
    public void Values_are_looked_up_from_the_root(string text, string expected) => Assert.Equal(expected, HoconText.Resolve(text));

    [Theory]
    [InlineData("a = [1] [2, 3]", "{ a = [1, 2, 3] }")]
    [InlineData("a = [1], b = ${a} [2]", "{ a = [1], b = [1, 2] }")]
    [InlineData("a = [1], b = ${a}[2]${a}", "{ a = [1], b = [1, 2, 1] }")]
    [InlineData("a = { x = 1 } { y = 2 }", "{ a = { x = 1, y = 2 } }")]
    [InlineData("g = { c = 6 }, e = ${g} { name = east }", "{ g = { c = 6 }, e = { c = 6, name = \"east\" } }")]
    [InlineData("g = { c = { d = 6 } }, e = { c.f = 1 } ${g}", "{ g = { c = { d = 6 } }, e = { c = { f = 1, d = 6 } } }")]
    [InlineData("a = [1] { 0 = x, 1 = y }", "{ a = [1, \"x\", \"y\"] }")]
    [InlineData("a = [ { x = 1 }\n{ x = 2 } ]", "{ a = [{ x = 1 }, { x = 2 }] }")]
    [InlineData("d = bin, p = /usr/${d}/x", "{ d = \"bin\", p = \"/usr/bin/x\" }")]
    public void Concatenation_joins_values_of_one_kind(string text, string expected)
    {
        // Bare words come back quoted: what was concatenated or holds more than letters is a string.
        Assert.Equal(Normal(expected), Normal(HoconText.Resolve(text)));
        static string Normal(string value) => value.Replace("\"", "", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a = [1] x")]
    [InlineData("a = x [1]")]
    [InlineData("a = { b = 1 } x")]
    [InlineData("a = { b = 1 } [1]")]
    [InlineData("a = [1], b = ${a}x")]
    [InlineData("a = { b = 1 }, c = ${a} 2")]
    public void Mixed_kinds_are_refused(string text) => Assert.Contains("cannot be joined", HoconText.Refused(text).Problem);

    [Theory]
    [InlineData("path = \"a\", path = ${path}\":b\"", "{ path = \"a:b\" }")]
    [InlineData("a = [1], a = ${a} [2], a = ${a} [3]", "{ a = [1, 2, 3] }")]
    [InlineData("a = ${?a}foo", "{ a = \"foo\" }")]
    [InlineData("a = 1, a = ${a}, a = ${a}2", "{ a = \"12\" }")]
    [InlineData("bar : { foo : 42, baz : ${bar.foo} }", "{ bar = { foo = 42, baz = 42 } }")]
    [InlineData("bar : { foo : 42, baz : ${bar.foo} }, bar : { foo : 43 }", "{ bar = { foo = 43, baz = 43 } }")]
    [InlineData("bar : { a : ${foo.d}, b : 1 }, bar.b = 3, foo : { c : ${bar.b}, d : 2 }, foo.d = 4",
        "{ bar = { a = 4, b = 3 }, foo = { c = 3, d = 4 } }")]
    [InlineData("foo : { a : { c : 1 } }, foo : ${foo.a}, foo : { a : 2 }", "{ foo = { a = 2, c = 1 } }")]
    [InlineData("a = { x = 1 }, a = ${a} { y = 2 }", "{ a = { x = 1, y = 2 } }")]
    [InlineData("a.b = 1, a.b = ${a.b}2", "{ a = { b = \"12\" } }")]
    [InlineData("a = [1], a = [${a}, 2]", "{ a = [[1], 2] }")]
    [InlineData("a : ${?b}, b : ${?a}", "{ }")]
    [InlineData("x = 1, y = ${x}, x = ${y}2", "{ x = \"12\", y = \"12\" }")]
    public void A_value_may_extend_what_it_was(string text, string expected) => Assert.Equal(expected, HoconText.Resolve(text));

    [Theory]
    [InlineData("a = ${a}")]
    [InlineData("a : ${b}, b : ${a}")]
    [InlineData("a : ${b}, b : ${c}, c : ${a}")]
    [InlineData("a : 1 ${a}")]
    [InlineData("a : { b : ${a} }")]
    [InlineData("a : { c : 1 }, a : { b : ${a} }")]
    [InlineData("a : { b : ${a.c}, c : ${a.b} }")]
    [InlineData("a = [${a}]")]
    [InlineData("a.b = ${a}")]
    public void Circles_are_refused(string text) => Assert.Contains("circle", HoconText.Refused(text).Problem);

    [Theory]
    [InlineData("a += 1", "{ a = [1] }")]
    [InlineData("a = [1], a += 2, a += [3]", "{ a = [1, 2, [3]] }")]
    [InlineData("x { a = [1] }, x { a += 2 }, x.a += 3", "{ x = { a = [1, 2, 3] } }")]
    [InlineData("a = [ { b = [1], b += 2 } ]", "{ a = [{ b = [1, 2] }] }")]
    [InlineData("a = [ { c { b = [1] }, c { b += 2 } } ]", "{ a = [{ c = { b = [1, 2] } }] }")]
    [InlineData("b = x, a += ${b}", "{ b = x, a = [x] }")]
    [InlineData("a += ${?nope}", "{ a = [] }")]
    [InlineData("a = { 0 = x }, a += y", "{ a = [x, y] }")]
    public void Plus_equals_adds_an_item(string text, string expected) => Assert.Equal(expected, HoconText.Resolve(text));

    [Fact]
    public void Plus_equals_on_a_string_is_refused() => Assert.Contains("needs a list", HoconText.Refused("a = x, a += 1").Problem);

    [Fact]
    public void Environment_fills_what_no_key_gives()
    {
        (string, string)[] environment = [("HOME", "/home/x"), ("EMPTY", ""), ("PORT", "5300"), ("L_0", "a"), ("L_1", "b"), ("a", "env")];
        Assert.Equal("{ x = \"/home/x/y\" }", HoconText.Resolve("x = ${HOME}/y", environment));
        Assert.Equal("{ x = \"\" }", HoconText.Resolve("x = ${EMPTY}", environment));
        Assert.Equal("{ x = 1 }", HoconText.Resolve("x = 1, x = ${?NOT_SET}", environment));
        Assert.Equal("{ x = \"5300\" }", HoconText.Resolve("x = 1, x = ${?PORT}", environment));
        Assert.Equal("{ x = [\"a\", \"b\"] }", HoconText.Resolve("x = ${L[]}", environment));
        Assert.Equal("{ }", HoconText.Resolve("x = ${?M[]}", environment));
        Assert.Equal("{ a = null, x = null }", HoconText.Resolve("a = null, x = ${a}", environment));
        Assert.Equal("{ PORT = 1, x = 1 }", HoconText.Resolve("PORT = 1, x = ${PORT}", environment));
        Assert.Equal("{ HOME = \"/home/x/y\" }", HoconText.Resolve("HOME = ${HOME}/y", environment));
    }

    [Fact]
    public void Every_value_knows_where_it_came_from()
    {
        HoconObject root = HoconText.Load("a = 1\nb {\n  c = ${a}\n  d = ${?PORT}\n}", ("PORT", "53"));
        Assert.Equal("test.conf:1:5", root.Find("a")!.Origin.ToString());
        Assert.Equal("test.conf:1:5", root.Find("b", "c")!.Origin.ToString());
        Assert.Equal("environment PORT (used at test.conf:4:7)", root.Find("b", "d")!.Origin.ToString());
        Assert.Equal("test.conf:2:1", root.Members["b"].KeyOrigin.ToString());
    }

    [Theory]
    [InlineData("agent.port=0", "{ agent = { port = 0 } }")]
    [InlineData("port = 0", "{ agent = { port = 0 } }")]
    [InlineData("agent.host=::1", "{ agent = { host = \"::1\" } }")]
    [InlineData("agent.masters=[\"192.0.2.1:53\", a]", "{ agent = { masters = [\"192.0.2.1:53\", a] } }")]
    [InlineData("agent.keys.\"k.1\".secret=a=b#c", "{ agent = { keys = { \"k.1\" = { secret = \"a=b#c\" } } } }")]
    [InlineData("agent.x={ a = 1 }", "{ agent = { x = { a = 1 } } }")]
    [InlineData("agent.x=${?nope}", "{ agent = { } }")]
    [InlineData("agent.x=", "{ agent = { x = \"\" } }")]
    public void Settings_of_the_command_line(string setting, string expected) =>
        Assert.Equal(expected, HoconWriter.Inline(new HoconLoader(_ => null).AddSetting(setting, "agent").Resolve()));

    [Fact]
    public void Later_layers_win_and_may_refer_to_earlier_ones()
    {
        HoconObject root = new HoconLoader(_ => null)
            .AddText("agent { port = 5354, masters = [a], dir = /x, log = ${agent.dir}/log }", "reference.conf")
            .AddText("agent { masters = ${agent.masters} [b], dir = /y }", "user.conf")
            .AddSetting("agent.port=7")
            .Resolve();
        Assert.Equal("{ agent = { port = 7, masters = [a, b], dir = \"/y\", log = \"/y/log\" } }", HoconWriter.Inline(root));
        Assert.Equal("--set agent.port", root.Find("agent", "port")!.Origin.ToString());
        Assert.Equal("user.conf:1:47", root.Find("agent", "dir")!.Origin.ToString()[..14]);
    }

    [Fact]
    public void A_setting_that_is_no_setting_is_refused_without_showing_its_value()
    {
        Assert.Throws<HoconException>(() => new HoconLoader().AddSetting("agent.port"));
        HoconException refused = Assert.Throws<HoconException>(() => new HoconLoader().AddSetting("a.secret=\"hush"));
        Assert.DoesNotContain("hush", refused.Message);
    }
}
