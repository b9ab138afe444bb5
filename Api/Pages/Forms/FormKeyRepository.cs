using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.EntityFrameworkCore;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.EntityFrameworkCore;

namespace Overnight.Api.Pages.Forms;

/// <summary>The table of the keys of forms; its schema is a migration's.</summary>
internal sealed class FormKeysContext(DbContextOptions<FormKeysContext> options) : DbContext(options), IDataProtectionKeyContext
{
    public DbSet<DataProtectionKey> DataProtectionKeys => Set<DataProtectionKey>();
}

/// <summary>
/// Keeps the keys of forms in PostgreSQL. Data Protection reads them once a day, on the thread of a request; after a failure it is told
/// so at once for a while, since otherwise the requests of a node that has no key yet would wait for a lost server one after another.
/// </summary>
internal sealed class FormKeyRepository(IServiceProvider services, ILoggerFactory loggers, TimeProvider time) : IXmlRepository
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    private readonly EntityFrameworkCoreXmlRepository<FormKeysContext> _stored = new(services, loggers);
    private Failure? _last;

    public IReadOnlyCollection<XElement> GetAllElements() => Run(_stored.GetAllElements);

    public void StoreElement(XElement element, string friendlyName) =>
        Run(() =>
        {
            _stored.StoreElement(element, friendlyName);
            return true;
        });

    private T Run<T>(Func<T> ask)
    {
        if (Volatile.Read(ref _last) is { } last && time.GetUtcNow() - last.At < Pause)
            throw new InvalidOperationException("PostgreSQL did not answer just now.", last.Exception);
        try
        {
            return ask();
        }
        catch (Exception exception)
        {
            Volatile.Write(ref _last, new(exception, time.GetUtcNow()));
            throw;
        }
    }

    private sealed record Failure(Exception Exception, DateTimeOffset At);
}
