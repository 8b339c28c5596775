// Prototypes of the BLAS and LAPACK routines Accrue calls, in the Fortran ABI that every provider of liblapack exports.
// gfortran passes the length of each CHARACTER argument behind all others, as size_t (since GCC 8); providers written in C ignore them.
#ifndef ACCRUE_CLAPACK_H
#define ACCRUE_CLAPACK_H

#include <stddef.h>

// INTEGER is 32 bits wide in the LP64 ABI that Debian's liblapack.so.3 and libblas.so.3 fix.
typedef int lapack_integer;

void sgemm_(const char *transa, const char *transb, const lapack_integer *m, const lapack_integer *n, const lapack_integer *k,
            const float *alpha, const float *a, const lapack_integer *lda, const float *b, const lapack_integer *ldb,
            const float *beta, float *c, const lapack_integer *ldc, size_t, size_t);
void dgemm_(const char *transa, const char *transb, const lapack_integer *m, const lapack_integer *n, const lapack_integer *k,
            const double *alpha, const double *a, const lapack_integer *lda, const double *b, const lapack_integer *ldb,
            const double *beta, double *c, const lapack_integer *ldc, size_t, size_t);
void dsymm_(const char *side, const char *uplo, const lapack_integer *m, const lapack_integer *n,
            const double *alpha, const double *a, const lapack_integer *lda, const double *b, const lapack_integer *ldb,
            const double *beta, double *c, const lapack_integer *ldc, size_t, size_t);
void dsyrk_(const char *uplo, const char *trans, const lapack_integer *n, const lapack_integer *k,
            const double *alpha, const double *a, const lapack_integer *lda,
            const double *beta, double *c, const lapack_integer *ldc, size_t, size_t);
void dtrsm_(const char *side, const char *uplo, const char *transa, const char *diag, const lapack_integer *m, const lapack_integer *n,
            const double *alpha, const double *a, const lapack_integer *lda, double *b, const lapack_integer *ldb,
            size_t, size_t, size_t, size_t);
void dtrmm_(const char *side, const char *uplo, const char *transa, const char *diag, const lapack_integer *m, const lapack_integer *n,
            const double *alpha, const double *a, const lapack_integer *lda, double *b, const lapack_integer *ldb,
            size_t, size_t, size_t, size_t);
void dgemv_(const char *trans, const lapack_integer *m, const lapack_integer *n, const double *alpha, const double *a,
            const lapack_integer *lda, const double *x, const lapack_integer *incx, const double *beta, double *y,
            const lapack_integer *incy, size_t);
void dsymv_(const char *uplo, const lapack_integer *n, const double *alpha, const double *a, const lapack_integer *lda,
            const double *x, const lapack_integer *incx, const double *beta, double *y, const lapack_integer *incy, size_t);
void dpotrf_(const char *uplo, const lapack_integer *n, double *a, const lapack_integer *lda, lapack_integer *info, size_t);
void dpotri_(const char *uplo, const lapack_integer *n, double *a, const lapack_integer *lda, lapack_integer *info, size_t);
void dtrtri_(const char *uplo, const char *diag, const lapack_integer *n, double *a, const lapack_integer *lda, lapack_integer *info,
             size_t, size_t);
void dpotrs_(const char *uplo, const lapack_integer *n, const lapack_integer *nrhs, const double *a, const lapack_integer *lda,
             double *b, const lapack_integer *ldb, lapack_integer *info, size_t);
void dpocon_(const char *uplo, const lapack_integer *n, const double *a, const lapack_integer *lda, const double *anorm,
             double *rcond, double *work, lapack_integer *iwork, lapack_integer *info, size_t);
double dlansy_(const char *norm, const char *uplo, const lapack_integer *n, const double *a, const lapack_integer *lda,
               double *work, size_t, size_t);
void dsyevd_(const char *jobz, const char *uplo, const lapack_integer *n, double *a, const lapack_integer *lda, double *w,
             double *work, const lapack_integer *lwork, lapack_integer *iwork, const lapack_integer *liwork, lapack_integer *info,
             size_t, size_t);
void dsytrd_(const char *uplo, const lapack_integer *n, double *a, const lapack_integer *lda, double *d, double *e, double *tau,
             double *work, const lapack_integer *lwork, lapack_integer *info, size_t);
void dormtr_(const char *side, const char *uplo, const char *trans, const lapack_integer *m, const lapack_integer *n, const double *a,
             const lapack_integer *lda, const double *tau, double *c, const lapack_integer *ldc, double *work,
             const lapack_integer *lwork, lapack_integer *info, size_t, size_t, size_t);
void dsterf_(const lapack_integer *n, double *d, double *e, lapack_integer *info);
void dpttrf_(const lapack_integer *n, double *d, double *e, lapack_integer *info);
void dpttrs_(const lapack_integer *n, const lapack_integer *nrhs, const double *d, const double *e, double *b,
             const lapack_integer *ldb, lapack_integer *info);

#endif
