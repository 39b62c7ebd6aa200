namespace Agent.Host.Commands;

/// <summary>
/// Reading files that the user named. One may hang in being opened, as a pipe or the file of a server that is away does; the command
/// ends all the same when it is asked to, and the reading is left behind.
/// </summary>
internal static class FileRead
{
    /// <exception cref="OperationCanceledException">The command was asked to end before the files were read.</exception>
    public static Task<T> UntilStoppedAsync<T>(Func<T> read, CancellationToken stop) => Task.Run(read, stop).WaitAsync(stop);
}
