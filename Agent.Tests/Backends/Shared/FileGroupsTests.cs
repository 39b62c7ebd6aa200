using System.Text;
using Agent.Backends.Shared;
using Agent.Bench.Peers;

namespace Agent.Tests.Backends.Shared;

public sealed class FileGroupsTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 20, 11, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(FileGroups.GroupMax + 3)]
    public async Task Replaces_and_deletes_each_file_whole(int count)
    {
        using TemporaryFolder folder = new("groups");
        FileGroups groups = new(folder.FullPath, TimeProvider.System);
        folder.Write("gone.zone", "old");
        folder.Write("0.zone", "old");
        File.SetLastWriteTimeUtc(folder.Combine("0.zone"), Now.UtcDateTime.AddMinutes(1));

        await Task.WhenAll(Enumerable.Range(0, count).Select(i => Replace(groups, folder.Combine($"{i}.zone"), $"content {i}"))
            .Append(groups.DeleteAsync(folder.Combine("gone.zone"))).Append(groups.DeleteAsync(folder.Combine("never.zone"))));

        Assert.Equal(
            Enumerable.Range(0, count).Select(i => $"content {i}"),
            Enumerable.Range(0, count).Select(i => File.ReadAllText(folder.Combine($"{i}.zone"))));
        Assert.Equal(count, Directory.GetFiles(folder.FullPath).Length);
        Assert.True(File.GetLastWriteTimeUtc(folder.Combine("0.zone")) > Now.UtcDateTime.AddMinutes(1), "its time went back");
    }

    [Fact]
    public async Task What_comes_while_a_group_is_written_makes_up_the_next()
    {
        using TemporaryFolder folder = new("groups");
        FileGroups groups = new(folder.FullPath, TimeProvider.System);
        using ManualResetEventSlim release = new();
        TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task first = Task.Run(() => groups.ReplaceAsync(folder.Combine("first"), Now, stream =>
        {
            begun.SetResult();
            release.Wait();
            stream.Write("1"u8);
        }));
        await begun.Task;

        Task[] later = [.. Enumerable.Range(0, 10).Select(i => Replace(groups, folder.Combine($"later{i}"), "2"))];

        Assert.DoesNotContain(later, task => task.IsCompleted);
        release.Set();
        await Task.WhenAll([first, .. later]);
        Assert.Equal(11, Directory.GetFiles(folder.FullPath).Length);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    public async Task One_that_cannot_be_written_fails_alone_and_keeps_the_old(int others)
    {
        using TemporaryFolder folder = new("groups");
        FileGroups groups = new(folder.FullPath, TimeProvider.System);
        string path = folder.Write("bad.zone", "old");
        using ManualResetEventSlim release = new();
        TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task hold = Task.Run(() => groups.ReplaceAsync(folder.Combine("hold"), Now, _ =>
        {
            begun.SetResult();
            release.Wait();
        }));
        await begun.Task;
        Task bad = groups.ReplaceAsync(path, Now, stream =>
        {
            stream.Write("half"u8);
            throw new InvalidDataException("the content is damaged");
        });
        Task[] good = [.. Enumerable.Range(0, others).Select(i => Replace(groups, folder.Combine($"{i}.zone"), "new"))];
        release.Set();

        await Assert.ThrowsAsync<InvalidDataException>(() => bad);
        await Task.WhenAll([hold, .. good]);

        Assert.Equal("old", await File.ReadAllTextAsync(path));
        Assert.Equal(others + 2, Directory.GetFiles(folder.FullPath).Length);
    }

    [Fact]
    public async Task A_folder_that_is_not_there_fails_everyone_and_the_next_try_is_free()
    {
        using TemporaryFolder folder = new("groups");
        string path = folder.Combine("zones");
        FileGroups groups = new(path, TimeProvider.System);

        foreach (Task failed in Enumerable.Range(0, 4).Select(i => Replace(groups, Path.Combine(path, $"{i}"), "x")).ToArray())
        {
            await Assert.ThrowsAnyAsync<IOException>(() => failed);
        }

        Directory.CreateDirectory(path);
        await Replace(groups, Path.Combine(path, "0"), "x");
        Assert.Single(Directory.GetFiles(path));
    }

    [Fact]
    public async Task A_change_waits_for_company_only_while_many_orders_are_past_their_files()
    {
        using TemporaryFolder folder = new("groups");
        HandDrivenTimers timers = new();
        int underWay = FileGroups.CrowdMin + 1;
        FileGroups groups = new(folder.FullPath, timers, () => underWay);
        Task waiting = Replace(groups, folder.Combine("a"), "1");
        await Eventually.HoldsAsync(() => Task.FromResult(timers.Armed == 1), () => "it waits for company");
        Assert.False(waiting.IsCompleted);

        underWay = FileGroups.CrowdMin;
        timers.FireAll();
        await waiting;
        await Replace(groups, folder.Combine("a"), "2");
        Assert.Equal("2", await File.ReadAllTextAsync(folder.Combine("a")));
    }

    private static Task Replace(FileGroups groups, string path, string text) =>
        groups.ReplaceAsync(path, Now, stream => stream.Write(Encoding.ASCII.GetBytes(text)));
}
