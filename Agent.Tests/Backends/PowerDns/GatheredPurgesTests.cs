using System.Text;
using Agent.Actors.Backends;
using Agent.Backends.PowerDns;
using Agent.Backends.Shared;

namespace Agent.Tests.Backends.PowerDns;

public sealed class GatheredPurgesTests
{
    private const int LineOctets = 1023;

    private readonly List<string> _commands = [];

    [Fact]
    public async Task What_comes_while_one_is_under_way_goes_in_lines_that_the_server_reads_whole()
    {
        TaskCompletionSource<string> first = new();
        TaskCompletionSource begun = new();
        GatheredPurges purges = new((command, _) =>
        {
            _commands.Add(command);
            begun.TrySetResult();
            return _commands.Count == 1 ? first.Task : Task.FromResult("0");
        });
        Task alone = purges.PurgeAsync(".", CancellationToken.None);
        await begun.Task;
        string[] names = [.. Enumerable.Range(0, 100).Select(i => $"zone{i}.of-some-length.example")];
        Task[] later = [.. names.Select(name => purges.PurgeAsync(name, CancellationToken.None))];
        Assert.Single(_commands);
        first.SetResult("17");
        await alone;
        await Task.WhenAll(later);

        Assert.Equal("purge $", _commands[0]);
        Assert.All(_commands, command => Assert.InRange(Encoding.UTF8.GetByteCount(command) + 1, 1, LineOctets));
        Assert.Equal(names.Select(name => name + "$"), _commands.Skip(1).SelectMany(command => command.Split(' ').Skip(1)));
    }

    [Fact]
    public async Task What_another_program_answers_is_told_as_text_and_shortened()
    {
        GatheredPurges purges = new((_, _) => Task.FromResult("U\0\u0001\n\ufffd" + new string('x', 100_000)));

        string told = (await Assert.ThrowsAsync<BackendException>(() => purges.PurgeAsync("z.example", CancellationToken.None))).Message;

        Assert.Contains("U????xxx", told, StringComparison.Ordinal);
        Assert.InRange(told.Length, 1, 500);
        Assert.DoesNotContain(told, static one => one is < ' ' or > '~');
    }

    [Fact]
    public async Task A_name_that_is_refused_fails_nobody_else_and_a_server_that_is_away_fails_all()
    {
        TaskCompletionSource<string> first = new();
        TaskCompletionSource begun = new();
        bool isAway = false;
        GatheredPurges purges = new(async (command, _) =>
        {
            _commands.Add(command);
            begun.TrySetResult();
            if (_commands.Count == 1) return await first.Task;
            if (isAway) throw BackendException.Away("not there");
            return command.Contains("bad", StringComparison.Ordinal) ? "Error: no such thing" : "1";
        });
        Task before = purges.PurgeAsync("before.example", CancellationToken.None);
        await begun.Task;
        Task good = purges.PurgeAsync("good.example", CancellationToken.None);
        Task bad = purges.PurgeAsync("bad.example", CancellationToken.None);
        first.SetResult("0");
        await before;
        await good;
        BackendException refused = await Assert.ThrowsAsync<BackendException>(() => bad);
        Assert.Equal(OrderOutcome.Refused, refused.Outcome);
        Assert.Contains("no such thing", refused.Message, StringComparison.Ordinal);

        isAway = true;
        Task one = purges.PurgeAsync("one.example", CancellationToken.None);
        Task other = purges.PurgeAsync("other.example", CancellationToken.None);
        Assert.Equal(OrderOutcome.Away, (await Assert.ThrowsAsync<BackendException>(() => one)).Outcome);
        Assert.Equal(OrderOutcome.Away, (await Assert.ThrowsAsync<BackendException>(() => other)).Outcome);
    }
}
